#include "storage/local_path.h"

#include <sys/stat.h>

#include <boost/filesystem.hpp>

#include "storage/slow_paths.h"

namespace cbtctl::storage {

namespace fs = boost::filesystem;
using formats::core::Error;
using formats::core::ErrorKind;

formats::core::Result<LocalPath> resolve_local(const std::string& path) {
  const SlowPaths::Wait wait(path);
  boost::system::error_code code;
  // The working directory may be gone, which says nothing about an absolute path.
  const fs::path base = path.starts_with('/') ? fs::path("/") : fs::current_path(code);
  const fs::path real = code ? fs::path() : fs::canonical(path, base, code);
  if (!code) {
    const bool is_folder = fs::is_directory(real, code);
    fs::path given = fs::absolute(path, base).lexically_normal();
    if (given.filename_is_dot()) given = given.parent_path();
    std::string given_text = given.string();
    while (given_text.size() > 1 && given_text.ends_with('/')) given_text.pop_back();
    return LocalPath{given_text == "/" ? "" : given_text, real == "/" ? "" : real.string(), is_folder};
  }
  const bool missing =
      code == boost::system::errc::no_such_file_or_directory || code == boost::system::errc::not_a_directory;
  if (missing) return Error{ErrorKind::missing, path + ": is not there"};
  const bool denied = code == boost::system::errc::permission_denied;
  return Error{denied ? ErrorKind::denied : ErrorKind::unavailable, path + ": " + code.message()};
}

std::optional<std::int64_t> modified_ns(const std::string& path) {
  const SlowPaths::Wait wait(path);
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec;
}

}  // namespace cbtctl::storage
