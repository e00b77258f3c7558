#pragma once

#include <cstdint>
#include <string>

#include <sys/stat.h>

namespace penstock {

/// Who can access a file or folder besides this user and root.
enum class OpenTo : std::uint8_t { nobody, another_owner, group, everyone };

/// Whether anybody except this user and root has one of `rights`, given as the bits for others
/// (S_IWOTH, S_IRWXO). A group counts only if it has another member: with one group per user, as on
/// Debian, `umask 0002` gives nobody access. A group that is missing from the user database is
/// assumed to have other members. [any-thread; reads the user database if the group has one of the
/// rights]
OpenTo open_to(const struct stat& about, mode_t rights);

/// "group staff", or "group 1234" if the group has no name.
std::string group_label(gid_t group);

}  // namespace penstock
