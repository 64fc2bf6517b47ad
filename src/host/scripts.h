// Every script that asks a host questions; constants, written for BusyBox ash and the applets that ESXi has
// (reference/esxi-facts.md, section 1c). All of them only read, but for `reload_script`.
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

// Arguments: as those of `locks_script`, or the word, ':' and the id of a registered machine, each. Asks the same for a
// file, and "summary" and "tasks" for a machine.
extern const std::string_view states_script;

// One argument: the word, ':' and an id. Has the host read the machine's .vmx again ("reload"), and asks "config".
extern const std::string_view reload_script;

}  // namespace cbtctl::host
