"""The state that the stand-in answers from, made from the .vmx files that a datastore holds."""
import hashlib
import os
import re

NFS_UUID = "eca5bd35-3a696585"


def uuid_of(name, kind):
    """The identity of a volume: always the same for the same name."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    if kind.startswith("NFS"):
        return f"{digest[:8]}-{digest[8:16]}"
    return f"{digest[:8]}-{digest[8:16]}-{digest[16:20]}-{digest[20:32]}"


def escaped(text):
    for character, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, written)
    return text


def value(settings, key):
    found = re.search(rf'^[ \t]*{re.escape(key)}[ \t]*=[ \t]*"?([^"\n]*)', settings, re.I | re.M)
    text = found.group(1) if found else ""
    return re.sub(r"\|([0-9A-Fa-f]{2})", lambda hit: chr(int(hit.group(1), 16)), text)


def power_of(path, settings):
    if value(settings, "checkpoint.vmState"):
        return "suspended"
    running = value(settings, "cleanShutdown").upper() == "FALSE" and os.path.exists(path + ".lck")
    return "on" if running else "off"


def machines_in(folder, volume):
    """One line of the state per .vmx, without its id; a file that is none is what a host calls invalid."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".cbtctl")
        for name in sorted(files):
            if not name.endswith((".vmx", ".vmtx")):
                continue
            path = os.path.join(parent, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                settings = file.read(1 << 20).decode("utf-8", "surrogateescape")
            relative = os.path.relpath(path, folder)
            if "=" not in settings:
                yield ["invalid", relative]
                continue
            yield ["vm", power_of(path, settings), f"[{volume}] {relative}",
                   value(settings, "displayName") or name.rsplit(".", 1)[0], value(settings, "guestOS") or "otherGuest64",
                   f"vmx-{int(value(settings, 'virtualHW.version') or 13):02}", value(settings, "annotation")]


def state(profile, volumes, root):
    lines = ["# What the stand-in answers with; fields are parted by tabs and hold \\n, \\r, \\t and \\\\. Also understood:",
             "# task ID NAME, lock PATH MODE MAC, busy PATH REASON (a stand-in started with --busy), invalid ID,",
             "# quirk crlf | padded | hostd-down | locks-in-log | no-locks | json-formatter"]
    facts = [("product", "VMware ESXi"), ("version", profile.version), ("build", profile.build),
             ("update", profile.update), ("patch", profile.patch), ("field-end", profile.field_end)]
    lines += ["\t".join(fact) for fact in facts]
    lines += ["quirk\tpadded"] * profile.padded_notes + ["quirk\tjson-formatter"] * profile.json_formatter
    number = 0
    for name, kind, uuid in volumes:
        lines.append("\t".join(["volume", escaped(name), uuid, kind]))
        for machine in machines_in(os.path.join(root, "vmfs/volumes", uuid), name):
            number += 1
            if machine[0] == "invalid":
                lines.append(f"invalid\t{number}")
            else:
                lines.append("\t".join(["vm", str(number), *map(escaped, machine[1:])]))
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")
