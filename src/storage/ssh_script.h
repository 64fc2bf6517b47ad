// Every shell text that ever runs on a host, each a constant. Paths and other arguments reach a script on standard
// input, as positional parameters; nothing is pasted into a text. Written for BusyBox ash and its applets as ESXi has
// them (reference/esxi-facts.md, section 1c); GNU tools do too. All of these only read.
#pragma once

#include <string_view>

namespace cbtctl::storage {

// The command of the one exec request: reads lines up to a single ".", which make the resident script, and runs it.
extern const std::string_view bootstrap_command;

// Stays for the whole connection. Standard input: a token, then the root's path; then for each run one line "LENGTH
// MOST", a script, and LENGTH bytes of arguments, each ended by NUL, handed to the script MOST at a time (LENGTH 0: the
// script runs once, without). A path or a script is a line with its number of lines, and these.
//
// Standard output: records (ssh_records.h). "hello" first, with the applets that are missing; "root" with the root's
// real path, or "absent" or "denied"; "file" too where the root's path is that of a file in it. After each run what the
// script printed and "\nTOKEN end STATUS\n", on standard error "\nTOKEN end\n". Scripts find TOKEN in $t, the real path
// of the root in $r (empty: "/"), the format of a status in $fmt, and stand in the root.
extern const std::string_view resident_script;

// Arguments: pairs of "1" (this folder alone) or "2" (all below it too, but nothing in .cbtctl and *.sf, nor
// in a filer's folders (formats/vmware/names.h) unless the root lies in one) and a path.
// Per pair a record "l", then "s" per entry, its path relative to the folder ("./" before it, the folder itself is
// "."), or one "e missing", "e denied", "e link", "e outside", "e file". On standard error the "l" too, so that it is
// known which pair a complaint is about.
extern const std::string_view list_script;

// Arguments: "N,M", then paths with "./" before them; empty ones are passed over. Per call a record "k" with a letter
// per path: f file, l link, d folder, o other, m missing, a access denied, x outside, - passed over. Then "s" for each
// of f, l, d and o. Where N is not 0 and there are files, "h": `head -c N` of the files and of /dev/null. Where M is
// not 0, "t": the same of `tail -c M`.
extern const std::string_view fetch_script;

// Arguments: "N", then paths with "./" before them; those that are "." are passed over. Per call a record "w": of those
// that are files what `tail -c +1` prints (N is 0) or `head -c N`, an empty frame of /dev/null before and behind them.
// Nothing in it where one of their folders leads out of the root or cannot be entered.
extern const std::string_view known_files_script;

// Arguments: folders with "./" before them. Per folder a record "p" with what is wrong when it is read; empty: nothing.
extern const std::string_view probe_folders_script;

}  // namespace cbtctl::storage
