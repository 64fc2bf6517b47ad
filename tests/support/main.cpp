// The test program's start: a state folder of its own for all tests. Catch2's version 3 brings its main function
// itself.
#if !__has_include(<catch2/catch_test_macros.hpp>)
#define CATCH_CONFIG_MAIN
#endif
#include "tests/support/catch.h"

#include <cstdlib>

#include "tests/support/temporary_folder.h"

namespace {

struct StateFolder {
  StateFolder() { ::setenv("XDG_STATE_HOME", (folder / "").c_str(), 1); }
  support::TemporaryFolder folder;
};
const StateFolder state_folder;

}  // namespace
