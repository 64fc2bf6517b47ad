"""What differs between the ESXi releases that the stand-in plays; facts in reference/esxi-facts.md, sections 1a, 1c, 2f."""
from dataclasses import dataclass

# Section 1c: the applets of a 7.x or 8.x host, and `touch`, which others use there. Everything else that BusyBox could do
# is hidden: `tr`, `base64`, `readlink`, `cmp`, `id`, `df` among them.
APPLETS = """
[ [[ ash awk basename bunzip2 bzip2 cat chgrp chmod chown cksum clear cp crond cut date dd diff dirname du echo egrep
env expr false fgrep find grep gunzip gzip head hexdump hostname kill ln logger login ls lzop md5sum mkdir mkfifo mknod
mktemp more mv nohup nslookup od printf rm rmdir sed seq setsid sh sha1sum sha256sum sha512sum sleep sort ssl_client
stat stty sum sync tail tar taskset tee test time timeout touch true uniq unzip usleep vi watch wc wget which who xargs zcat
""".split()

FIPS_KEX = ("ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,"
            "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256")
ECDSA = "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"


@dataclass(frozen=True)
class Profile:
    version: str
    build: str
    update: str
    patch: str
    host_keys: tuple  # of ssh-keygen's types; what 8 has beside ECDSA, an RSA key, comes with --host-keys
    sshd: dict
    volume_type: str
    json_formatter: bool  # esxcli --formatter=json
    field_end: str        # of every field but the last in a property dump
    padded_notes: bool    # getallvms pads every row to a wide annotation column


PROFILES = {
    "6.0": Profile("6.0.0", "3620759", "2", "0", ("rsa",), {
        "HostKeyAlgorithms": "ssh-rsa,rsa-sha2-256,rsa-sha2-512",
        "PubkeyAcceptedAlgorithms": f"{ECDSA},ssh-rsa",
        "KexAlgorithms": "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group14-sha1",
        "Ciphers": "aes128-ctr,aes192-ctr,aes256-ctr,3des-cbc",
        "MACs": "hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-sha1-96",
    }, "VMFS-5", False, ", ", False),
    "6.7": Profile("6.7.0", "14320388", "3", "73", ("ecdsa",), {
        "HostKeyAlgorithms": ECDSA,
        "PubkeyAcceptedAlgorithms": f"{ECDSA},rsa-sha2-512,rsa-sha2-256,ssh-rsa",
        "KexAlgorithms": FIPS_KEX,
        "Ciphers": "aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
        "MACs": "hmac-sha2-256,hmac-sha2-512",
    }, "VMFS-6", False, ", ", False),
    "7.0": Profile("7.0.3", "20328353", "3", "55", ("ecdsa",), {
        "HostKeyAlgorithms": ECDSA,
        "PubkeyAcceptedAlgorithms": f"{ECDSA},rsa-sha2-512,rsa-sha2-256,ssh-rsa",
        "KexAlgorithms": FIPS_KEX,
        "Ciphers": "aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
        "MACs": "hmac-sha2-256,hmac-sha2-512",
    }, "VMFS-6", True, ", ", False),
    # With the hardening of DISA's STIG: one channel per connection.
    "8.0": Profile("8.0.2", "22380479", "2", "0", ("ecdsa",), {
        "HostKeyAlgorithms": ECDSA,
        "PubkeyAcceptedAlgorithms": f"{ECDSA},rsa-sha2-512,rsa-sha2-256",
        "KexAlgorithms": FIPS_KEX,
        "Ciphers": "aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
        "MACs": "hmac-sha2-256,hmac-sha2-512",
        "MaxSessions": "1",
    }, "VMFS-6", True, ",", True),
}
