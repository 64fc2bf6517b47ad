#include "report/tool.h"

namespace cbtctl::report {
namespace {

constexpr std::string_view compiler =
#ifdef __clang__
    __VERSION__;  // begins with its name
#else
    "g++ " __VERSION__;
#endif
constexpr std::string_view build_type = CBTCTL_BUILD_TYPE;

}  // namespace

std::string_view tool_version() { return CBTCTL_VERSION; }

std::string tool_build() {
  std::string out = std::string(tool_version()) + ", " + std::string(compiler);
  return build_type.empty() ? out : out + ", " + std::string(build_type);
}

}  // namespace cbtctl::report
