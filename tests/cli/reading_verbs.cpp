// The verbs that read and no other, linked as the program is: what the linker takes into this program is all that they
// can reach. It is not run; readonly_test.py looks at its symbols. Without OUTPUT, also those are left out that create
// one new file.
#include <array>

#include "cli/verb.h"

int main(int count, char** values) {
  using namespace cbtctl::cli;
  constexpr std::array reading{
      run_scan,       run_check,   run_show,    run_ctk_show, run_ctk_diff,
      run_ctk_verify, run_chain,   run_extents, run_compare,  run_explain,
#ifdef OUTPUT
      run_ctk_blocks, run_ctk_map, run_export,
#endif
  };
  return reading[static_cast<std::size_t>(count) % reading.size()](Verb{}, {values, values + count});
}
