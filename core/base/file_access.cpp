#include "base/file_access.hpp"

#include <cerrno>
#include <mutex>
#include <optional>
#include <vector>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace penstock {
namespace {

constexpr std::size_t max_record = 1U << 20U;  ///< enough for a group with very many members

struct Group {
  std::string name;
  std::vector<std::string> members;
};

std::optional<Group> find_group(gid_t id) {
  for (std::vector<char> buffer(4096); buffer.size() <= max_record;
       buffer.resize(buffer.size() * 4)) {
    struct group entry {};
    struct group* found = nullptr;
    const int error = ::getgrgid_r(id, &entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (error != 0 || found == nullptr) return std::nullopt;
    Group out{found->gr_name, {}};
    for (char** member = found->gr_mem; *member != nullptr; ++member)
      out.members.emplace_back(*member);
    return out;
  }
  return std::nullopt;
}

std::optional<uid_t> user_id(const std::string& name) {
  std::vector<char> buffer(65536);
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr)
    return std::nullopt;
  return found->pw_uid;
}

bool is_trusted(uid_t user) { return user == ::geteuid() || user == 0; }

/// Considers the group's member list and the users whose primary group it is.
bool has_foreign_member(gid_t id) {
  const auto group = find_group(id);
  if (!group && id != ::getegid()) return true;
  if (group) {
    for (const std::string& member : group->members) {
      const auto user = user_id(member);
      if (user && !is_trusted(*user)) return true;
    }
  }
  static std::mutex mutex;  // getpwent() has one cursor per process
  const std::scoped_lock lock(mutex);
  ::setpwent();
  bool foreign = false;
  while (const struct passwd* user = ::getpwent()) {
    foreign = user->pw_gid == id && !is_trusted(user->pw_uid);
    if (foreign) break;
  }
  ::endpwent();
  return foreign;
}

}  // namespace

OpenTo open_to(const struct stat& about, mode_t rights) {
  if (!is_trusted(about.st_uid)) return OpenTo::another_owner;
  if ((about.st_mode & rights) != 0) return OpenTo::everyone;
  if ((about.st_mode & (rights << 3U)) != 0 && has_foreign_member(about.st_gid))
    return OpenTo::group;
  return OpenTo::nobody;
}

std::string group_label(gid_t group) {
  const auto found = find_group(group);
  return "group " + (found ? found->name : std::to_string(group));
}

}  // namespace penstock
