#pragma once

#include <cstdint>
#include <string>

#include <sys/stat.h>

namespace penstock {

/// Who, besides this user and root, a file or folder is open to.
enum class OpenTo : std::uint8_t { nobody, another_owner, group, everyone };

/// Whether anybody but this user and root has one of `rights`, given as the bits for others
/// (S_IWOTH, S_IRWXO). A group counts only if it has another member: where each user has a group of
/// his own, as on Debian, `umask 0002` opens a file to nobody. A group that the user database does
/// not know has unknown members. [any-thread; reads the user database where the group has a right]
OpenTo open_to(const struct stat& about, mode_t rights);

/// "group staff", or "group 1234" where the group has no name.
std::string group_label(gid_t group);

}  // namespace penstock
