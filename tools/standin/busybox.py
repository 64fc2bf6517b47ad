"""A copy of BusyBox that knows no more applets than an ESXi host.

The shell of busybox-static runs every applet that is compiled in, whether a link to it exists or not, so taking links
away hides nothing. In the copy, the names of the others are overwritten with names that nobody calls; they keep their
length and their order, which the search relies on.
"""
import os
import subprocess
from pathlib import Path

# The shell's own `command`, which was not there on a 6.5 host, is none of these: a builtin.
SOURCE = Path("/bin/busybox")


def hidden_name(length, previous, following):
    """The first name of this length after `previous`."""
    if length > len(previous):
        name = previous + b"!" * (length - len(previous))
    else:
        name = previous[:length - 1] + bytes([previous[length - 1] + 1])
    if not previous < name < following:
        raise ValueError(f"there is no name of length {length} between {previous!r} and {following!r}")
    return name


def install(target, links, keep):
    """Writes the copy to `target` and links the applets `keep` from the folder `links`."""
    listed = subprocess.run([SOURCE, "--list"], capture_output=True, check=True).stdout.split()
    program = SOURCE.read_bytes()
    table = b"\0".join(listed) + b"\0"
    if program.count(table) != 1:
        raise SystemExit("esxi-standin: the applet table of /bin/busybox is not where it was: is it busybox-static?")
    names, wanted = [], {name.encode() for name in keep}
    for index, name in enumerate(listed):
        previous = names[-1] if names else b""
        following = listed[index + 1] if index + 1 < len(listed) else b"\xff"
        names.append(name if name in wanted else hidden_name(len(name), previous, following))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(program.replace(table, b"\0".join(names) + b"\0"))
    target.chmod(0o755)
    for name in sorted(wanted & set(listed)):
        os.symlink("/" + str(target.relative_to(links.parent)), links / name.decode())
