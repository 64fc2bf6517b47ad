// cbtctl: inspects and repairs Changed Block Tracking in VMware ESXi files. The work is in the rooms.
#include "cli/run.h"

int main(int count, char** values) {
  cbtctl::cli::prepare_process();
  return cbtctl::cli::run({values + 1, values + (count > 0 ? count : 1)});
}
