"""The root folder of the stand-in: what an ESXi host has where, and a real sshd with its libraries, so that nothing of
the machine outside can be reached from a session."""
import os
import shutil
import stat
import subprocess
from pathlib import Path

import busybox
from profiles import APPLETS

HERE = Path(__file__).resolve().parent
SSHD = "/usr/lib/vmware/openssh/bin/sshd"
SFTP_SERVER = "/usr/lib/vmware/openssh/bin/sftp-server"
# What sshd starts for each connection, since OpenSSH 9.8; before, it does all of that itself.
SSHD_PARTS = [path for path in ("/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth") if os.path.exists(path)]
COMMANDS = ("vim-cmd", "esxcli", "vmkfstools", "vmfsfilelockinfo", "vmware", "uname")
# A file that a running VM holds cannot be opened; these ask the state before they open one.
READERS = ("cat", "dd", "head", "tail", "od", "hexdump", "md5sum", "sha1sum", "sha256sum", "sha512sum", "cp", "tar", "wc")

PAM_MODULES = ("pam_exec.so", "pam_permit.so")
PAM_SERVICE = """# The stand-in's own service: the password is the one in /standin/password, for every account.
auth     required pam_exec.so quiet expose_authtok /standin/check-password
auth     required pam_permit.so
account  required pam_permit.so
session  required pam_permit.so
"""
NOTICE = """This is not an ESXi host. It is a stand-in for tests of cbtctl: BusyBox, a real OpenSSH server, and scripts that print
what the state file in this folder says, in the form that real hosts print it.
"""


def libraries_of(*programs):
    found = set()
    for program in programs:
        for line in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines():
            found.update(word for word in line.split() if word.startswith("/"))
    return found


def copy_with_libraries(root, sources):
    """`sources` maps a file of this machine to its place in the root."""
    for source, target in list(sources.items()) + [(path, path) for path in libraries_of(*sources)]:
        place = root / str(target).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(source), place)


def make_devices(root):
    (root / "dev").mkdir()
    for name, minor in (("null", 3), ("zero", 5), ("urandom", 9)):
        os.mknod(root / "dev" / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        os.chmod(root / "dev" / name, 0o666)
    try:
        (root / "dev/null").write_bytes(b"x")
    except OSError as error:
        raise SystemExit(f"esxi-standin: {root} lies on a file system without devices: {error}")


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def install_commands(root, has_busy_files):
    for name in COMMANDS:
        shutil.copy(HERE / "bin" / name, root / "bin" / name)
        (root / "bin" / name).chmod(0o755)
    os.symlink("esxcli", root / "bin/localcli")
    for name in ("answers", "lock_of"):
        shutil.copy(HERE / "bin" / name, root / f"standin/{name}.sh")
    if has_busy_files:
        for name in READERS:
            (root / "bin" / name).unlink(missing_ok=True)
            shutil.copy(HERE / "bin/reader", root / "bin" / name)
            (root / "bin" / name).chmod(0o755)


def busy_library(root):
    """Makes open() of the sftp-server answer as VMFS does for a file that a running VM holds."""
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", root / "standin/busy.so", HERE / "busy.c"], check=True)
    write(root / "usr/lib/vmware/openssh/bin/sftp-server-busy",
          f"#!/bin/sh\nLD_PRELOAD=/standin/busy.so exec {SFTP_SERVER} \"$@\"\n", 0o755)


def make(root, without, has_shell, has_busy_files):
    for folder in ("bin", "sbin", "tmp", "var/empty", "run/sshd", "vmfs/volumes", "standin/answers", "etc/ssh", "root"):
        (root / folder).mkdir(parents=True)
    (root / "var/empty").chmod(0o755)
    make_devices(root)
    keep = set(APPLETS) - without - (set(READERS) if has_busy_files else set())
    busybox.install(root / "usr/lib/vmware/busybox/bin/busybox", root / "bin", keep)
    if has_busy_files:
        shutil.copy(busybox.SOURCE, root / "standin/busybox")
    security = Path("/lib/x86_64-linux-gnu/security")
    usr_security = Path("/usr") / security.relative_to("/")  # where PAM of Debian 13 looks
    copy_with_libraries(root, {"/usr/sbin/sshd": SSHD, "/usr/lib/openssh/sftp-server": SFTP_SERVER,
                               **{part: part for part in SSHD_PARTS},
                               **{security / name: security / name for name in PAM_MODULES},
                               **{usr_security / name: usr_security / name for name in PAM_MODULES}})
    shell = "/bin/sh" if has_shell else "/standin/no-shell"
    write(root / "etc/passwd", f"root:x:0:0:Administrator:/:{shell}\nreader:x:1000:1000:Not an administrator:/:{shell}\n"
          "sshd:x:75:75::/var/empty:/bin/false\n")
    write(root / "etc/group", "root:x:0:\nsshd:x:75:\n")
    write(root / "etc/pam.d/sshd", PAM_SERVICE)
    write(root / "standin/check-password", '#!/bin/sh\nread -r given\n[ "$given" = "$(cat /standin/password)" ]\n', 0o755)
    write(root / "standin/no-shell", "#!/bin/sh\necho 'This account is currently not available.'\nexit 1\n", 0o755)
    write(root / "standin/README", NOTICE)
    install_commands(root, has_busy_files)
    if has_busy_files:
        busy_library(root)
