// The test program's main function, compiled once, with a state folder of its own.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/support/temporary_folder.h"

namespace {

struct StateFolder {
  StateFolder() { ::setenv("XDG_STATE_HOME", (folder / "").c_str(), 1); }
  support::TemporaryFolder folder;
};
const StateFolder state_folder;

}  // namespace
