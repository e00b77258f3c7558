// Whose files are loaded: who may write a plugin may run code with the rights of this process.
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/plugin_file.hpp"

namespace penstock::loader {
namespace {

using ::testing::HasSubstr;

class PluginFileTest : public ::testing::Test {
 protected:
  PluginFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    std::ofstream(file()) << "bytes";
    ::chmod(file().c_str(), 0644);
  }
  ~PluginFileTest() override { std::filesystem::remove_all(folder); }

  std::filesystem::path file() const { return folder / "acme.so"; }
  std::string refusal(Pinned pinned = Pinned::no) const {
    const auto read = read_plugin_file(file(), pinned);
    return read ? std::string() : read.error();
  }
  /// Gives both to a group that another user is in; false: only root can.
  bool share_with_another_user() const {
    const struct passwd* daemon = ::getpwnam("daemon");
    return daemon != nullptr && ::chown(file().c_str(), ::geteuid(), daemon->pw_gid) == 0 &&
           ::chown(folder.c_str(), ::geteuid(), daemon->pw_gid) == 0;
  }

  std::filesystem::path folder;
};

TEST_F(PluginFileTest, is_read_only_where_nobody_else_can_write_it) {
  EXPECT_EQ(refusal(), "");
  ::chmod(folder.c_str(), 0777);
  EXPECT_THAT(refusal(),
              HasSubstr("its folder can be written by everyone; chmod o-w " + folder.string()));
  EXPECT_THAT(refusal(Pinned::yes), HasSubstr("by everyone")) << "a pin does not help";
  ::chmod(folder.c_str(), 01777);
  EXPECT_THAT(refusal(), HasSubstr("by everyone")) << "the sticky bit does not help";
  ::chmod(folder.c_str(), 0755);
  ::chmod(file().c_str(), 0646);
  EXPECT_THAT(refusal(),
              HasSubstr("the file can be written by everyone; chmod o-w " + file().string()));
}

TEST_F(PluginFileTest, of_a_group_that_nobody_else_is_in_is_this_users_alone) {
  const struct group* own = ::getgrgid(::getegid());
  if (own == nullptr || own->gr_mem[0] != nullptr) GTEST_SKIP() << "the group has members";
  ::chmod(folder.c_str(), 0775);
  ::chmod(file().c_str(), 0664);
  EXPECT_EQ(refusal(), "");
}

TEST_F(PluginFileTest, that_a_group_may_write_is_read_only_where_it_is_pinned) {
  if (!share_with_another_user()) GTEST_SKIP() << "only root can give a file to another group";
  EXPECT_EQ(refusal(), "") << "that the group is another one matters only if it may write";
  ::chmod(folder.c_str(), 0775);
  EXPECT_THAT(refusal(), ::testing::AllOf(HasSubstr("its folder can be written by group daemon"),
                                          HasSubstr("chmod g-w " + folder.string()),
                                          HasSubstr("plugins.pins")));
  EXPECT_EQ(refusal(Pinned::yes), "");
  ::chmod(folder.c_str(), 0755);
  ::chmod(file().c_str(), 0664);
  EXPECT_THAT(refusal(), HasSubstr("the file can be written by group daemon"));
  EXPECT_EQ(refusal(Pinned::yes), "");
}

TEST_F(PluginFileTest, of_another_user_is_refused_whatever_its_mode) {
  const struct passwd* daemon = ::getpwnam("daemon");
  if (daemon == nullptr || ::chown(file().c_str(), daemon->pw_uid, ::getegid()) != 0)
    GTEST_SKIP() << "only root can give a file away";
  EXPECT_THAT(refusal(), HasSubstr("belongs to another user"));
  EXPECT_THAT(refusal(Pinned::yes), HasSubstr("belongs to another user"));
}

TEST_F(PluginFileTest, that_is_none_is_not_waited_for) {
  std::filesystem::remove(file());
  ASSERT_EQ(::mkfifo(file().c_str(), 0644), 0);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace penstock::loader
