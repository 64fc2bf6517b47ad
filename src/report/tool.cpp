#include "report/tool.h"

namespace cbtctl::report {

std::string_view tool_version() { return CBTCTL_VERSION; }

}  // namespace cbtctl::report
