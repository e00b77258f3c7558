#include "loader/plugin_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <penstock/digest.hpp>
#include <penstock/hex.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "base/file_access.hpp"

namespace penstock::loader {
namespace {

constexpr off_t max_plugin = 64 << 20;

std::string system_error(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

/// Empty: safe; else a sentence that begins with `shown`.
std::string writable_by_others(const struct stat& about, const std::string& shown,
                               const std::filesystem::path& path, Pinned pinned) {
  switch (open_to(about, S_IWOTH)) {
  case OpenTo::nobody:
    return {};
  case OpenTo::another_owner:
    return shown + " belongs to another user; plugins run with all rights of this process";
  case OpenTo::everyone:
    return shown + " can be written by everyone; chmod o-w " + path.string();
  case OpenTo::group:
    break;
  }
  if (pinned == Pinned::yes) return {};
  return shown + " can be written by " + group_label(about.st_gid) + "; chmod g-w " +
         path.string() + ", or name each plugin's sha256 in plugins.pins";
}

}  // namespace

std::string writable_by_others(const std::filesystem::path& folder, Pinned pinned) {
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0) return {};
  return writable_by_others(about, folder.string(), folder, pinned);
}

Result<PluginFile, std::string> read_plugin_file(const std::filesystem::path& path, Pinned pinned) {
  const std::filesystem::path home = path.has_parent_path() ? path.parent_path() : ".";
  struct stat folder {};
  if (::stat(home.c_str(), &folder) != 0) return failure(system_error("its folder cannot be read"));
  std::string why = writable_by_others(folder, "its folder", home, pinned);
  if (!why.empty()) return failure(std::move(why));

  // Without O_NONBLOCK, opening a FIFO in the folder would block.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about {};
  if (file.number() < 0 || ::fstat(file.number(), &about) != 0)
    return failure(system_error("it cannot be read"));
  if (!S_ISREG(about.st_mode)) return failure(std::string("it is not a regular file"));
  why = writable_by_others(about, "the file", path, pinned);
  if (!why.empty()) return failure(std::move(why));
  if (about.st_size > max_plugin) return failure(std::string("it is larger than 64 MiB"));

  PluginFile read{path, std::string(static_cast<std::size_t>(about.st_size), '\0'), {}};
  std::size_t have = 0;
  while (have < read.bytes.size()) {
    const ssize_t got = ::read(file.number(), read.bytes.data() + have, read.bytes.size() - have);
    if (got <= 0) return failure(std::string("it changed while it was read"));
    have += static_cast<std::size_t>(got);
  }
  read.sha256 = to_hex(sha256(read.bytes));
  return read;
}

}  // namespace penstock::loader
