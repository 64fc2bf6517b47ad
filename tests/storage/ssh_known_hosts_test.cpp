// Keys and hashed names as ssh-keygen made them.
#include "storage/ssh_known_hosts.h"

#include "tests/support/catch.h"

#include "formats/core/base64.h"

using namespace cbtctl::storage;
using Verdict = KnownHosts::Verdict;

namespace {

const std::string ecdsa =
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLFO7dnnsmV84jCCItvUmFzjWPMG4jxxvPI05pn6/xjdLTdN/"
    "S3jrkBoOdOJJkab1CY39XJg2FVwb+c5iRRI8kA=";
const std::string ed25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIGMoq7PHSZBeY9YDa3ypSf35OHiafWtemzj3HKiU9uJ1";
const std::string ecdsa_entry = " ecdsa-sha2-nistp256 " + ecdsa + "\n";

HostKey key_of(const std::string& text) { return *host_key_of(*formats::core::from_base64(text)); }

// Another key of the same type: one byte differs.
HostKey other_ecdsa() {
  HostKey key = key_of(ecdsa);
  key.blob.back() = static_cast<char>(key.blob.back() ^ 1);
  return key;
}

Verdict verdict(const std::string& text, const std::string& host, unsigned port, const HostKey& key) {
  KnownHosts known;
  known.add(text, "known_hosts");
  return known.find(host, port, key).verdict;
}

}  // namespace

TEST_CASE("a fingerprint is what ssh-keygen prints") {
  CHECK(fingerprint(key_of(ecdsa)) == "SHA256:2HCKQawlnYAzzb2RpHJUt+pLDv1NCQG7qa8MHJ5YQOg");
  CHECK(key_of(ecdsa).type == "ecdsa-sha2-nistp256");
}

TEST_CASE("a key is known by name, by pattern and by port") {
  CHECK(verdict("esx1" + ecdsa_entry, "esx1", 22, key_of(ecdsa)) == Verdict::known);
  CHECK(verdict("esx1" + ecdsa_entry, "ESX1", 22, key_of(ecdsa)) == Verdict::known);
  CHECK(verdict("[esx1]:2222" + ecdsa_entry, "esx1", 2222, key_of(ecdsa)) == Verdict::known);
  CHECK(verdict("[esx1]:2222" + ecdsa_entry, "esx1", 22, key_of(ecdsa)) == Verdict::unknown);
  CHECK(verdict("a,10.0.0.?,*.lab" + ecdsa_entry, "x.lab", 22, key_of(ecdsa)) == Verdict::known);
  CHECK(verdict("a,10.0.0.?,*.lab" + ecdsa_entry, "10.0.0.77", 22, key_of(ecdsa)) == Verdict::unknown);
  CHECK(verdict("*.lab,!x.lab" + ecdsa_entry, "x.lab", 22, key_of(ecdsa)) == Verdict::unknown);
}

TEST_CASE("a host on another port is the one that is filed without a port, if it has the same key") {
  const std::string hashed = "|1|6H2CbFTXCSOS1nHHyIMUF8mBeNI=|DJfQKBBy4AgnGEGuF+F0/gZ9GV0=" + ecdsa_entry;
  CHECK(verdict("esx1" + ecdsa_entry, "esx1", 2222, key_of(ecdsa)) == Verdict::known);
  CHECK(verdict(hashed, "esx1", 2222, key_of(ecdsa)) == Verdict::known);
  CHECK(verdict("esx1" + ecdsa_entry, "esx1", 2222, other_ecdsa()) == Verdict::unknown);
  CHECK(verdict("[esx1]:2222" + ecdsa_entry + known_hosts_line("esx1", 22, other_ecdsa()), "esx1", 2222,
                other_ecdsa()) == Verdict::changed);
  CHECK(verdict("@revoked esx1" + ecdsa_entry, "esx1", 2222, key_of(ecdsa)) == Verdict::revoked);
  CHECK(verdict("[esx1]:2222" + ecdsa_entry, "esx1", 22, key_of(ecdsa)) == Verdict::unknown);
  KnownHosts known;
  known.add("esx1" + ecdsa_entry, "known_hosts");
  CHECK(known.types_of("esx1", 2222) == std::vector<std::string>{"ecdsa-sha2-nistp256"});
}

TEST_CASE("a hashed name is known") {
  const std::string hashed = "|1|6H2CbFTXCSOS1nHHyIMUF8mBeNI=|DJfQKBBy4AgnGEGuF+F0/gZ9GV0=" + ecdsa_entry;
  const std::string with_port = "|1|K3uh9GMW1pIiLvHVTTic9Hmk1yA=|QAc7VqC9VuygyZxOnSnpyGTB3u0=" + ecdsa_entry;
  CHECK(verdict(hashed, "esx1", 22, key_of(ecdsa)) == Verdict::known);
  CHECK(verdict(hashed, "esx2", 22, key_of(ecdsa)) == Verdict::unknown);
  CHECK(verdict(with_port, "esx1", 2222, key_of(ecdsa)) == Verdict::known);
  CHECK(verdict(with_port, "esx1", 22, key_of(ecdsa)) == Verdict::unknown);
  CHECK(verdict(hashed, "esx1", 22, other_ecdsa()) == Verdict::changed);
}

TEST_CASE("another key of the same type is a changed key, of another type an unknown one") {
  KnownHosts known;
  known.add("# a comment\n\nesx1" + ecdsa_entry, "known_hosts");
  const auto found = known.find("esx1", 22, other_ecdsa());
  CHECK(found.verdict == Verdict::changed);
  CHECK(found.where == "known_hosts:3");
  CHECK(known.find("esx1", 22, key_of(ed25519)).verdict == Verdict::unknown);
  CHECK(known.types_of("esx1", 22) == std::vector<std::string>{"ecdsa-sha2-nistp256"});
}

TEST_CASE("one entry that fits is enough, one that revokes is decisive") {
  KnownHosts known;
  known.add(known_hosts_line("esx1", 22, other_ecdsa()) + "esx1" + ecdsa_entry, "known_hosts");
  CHECK(known.find("esx1", 22, key_of(ecdsa)).verdict == Verdict::known);
  known.add("@revoked *" + ecdsa_entry, "more");
  CHECK(known.find("esx1", 22, key_of(ecdsa)).verdict == Verdict::revoked);
  CHECK(known.find("esx1", 22, key_of(ecdsa)).where == "more:1");
}

TEST_CASE("a certificate authority's key is no host key") {
  CHECK(verdict("@cert-authority *" + ecdsa_entry, "esx1", 22, key_of(ecdsa)) == Verdict::unknown);
}

TEST_CASE("lines that are none are passed over") {
  const std::string text =
      GENERATE(std::string("esx1"), std::string("esx1 ecdsa-sha2-nistp256 !!!\n"), "esx1 ssh-rsa " + ecdsa + "\n",
               std::string("|1|x|y z\n"), std::string("@revoked\n"), std::string("esx1 ssh-rsa AAAA\n"));
  CHECK(verdict(text, "esx1", 22, key_of(ecdsa)) == Verdict::unknown);
  CHECK(verdict(text + "\nesx1" + ecdsa_entry, "esx1", 22, key_of(ecdsa)) == Verdict::known);
}

TEST_CASE("a line that is written is found again") {
  for (const std::string& salt : {std::string(), std::string(20, 's')}) {
    const std::string line = known_hosts_line("Esx1", 2222, key_of(ecdsa), salt);
    CHECK(verdict(line, "esx1", 2222, key_of(ecdsa)) == Verdict::known);
    CHECK((line.find("esx1") == std::string::npos) == !salt.empty());
  }
}

TEST_CASE("bytes that are no key are none") {
  CHECK_FALSE(host_key_of(""));
  CHECK_FALSE(
      host_key_of(std::string("\0\0\0\xff"
                              "x",
                              5)));
  CHECK_FALSE(host_key_of(std::string("\0\0\0\0", 4)));
}
