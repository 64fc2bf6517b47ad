// Every script that asks a host questions; constants, written for BusyBox ash and the applets that ESXi has
// (reference/esxi-facts.md, section 1c). All of them only read.
//
// What differs between releases is answered here, by trying, and nowhere else: BusyBox' `timeout` takes its limit with
// -t before 1.30; where hostd does not answer `esxcli`, `localcli` tells the same; `vmkfstools -D` prints on some
// builds to vmkernel.log alone, then `vmfsfilelockinfo` is asked.
//
// Each answer is framed: "\nWORD ask NAME COMMAND\n", what the command prints, "\nWORD end STATUS\n"; the first mark on
// standard error too.
#pragma once

#include <string_view>

namespace cbtctl::host {

// One argument: the word. Asks "version", "machines", "running", "tasks", "volumes"; a question may come twice, and
// the second time stands in for the first.
extern const std::string_view facts_script;

// Arguments: the word, and right after it the absolute path of a file, each. Asks "lock" for each, and where that says
// nothing "lock-owner".
extern const std::string_view locks_script;

}  // namespace cbtctl::host
