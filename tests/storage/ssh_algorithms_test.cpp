#include "storage/ssh_algorithms.h"

#include "storage/ssh_settings.h"

#include "tests/support/catch.h"

using namespace cbtctl::storage;

namespace {

std::string number(std::size_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string kexinit() {
  std::string payload = std::string(1, 20) + std::string(16, 'c');
  for (const std::string list :
       {"ecdh-sha2-nistp256,kex2", "ecdsa-sha2-nistp256", "aes256-ctr,aes128-ctr", "other", "hmac"}) {
    payload += number(list.size()) + list;
  }
  return "SSH-2.0-OpenSSH_9.2\r\n" + number(payload.size() + 1 + 4) + std::string(1, 4) + payload + std::string(4, 'p');
}

}  // namespace

TEST_CASE("the lists of a server are read from its first packet") {
  const auto offered = offered_algorithms("hello\r\n" + kexinit());
  REQUIRE(offered);
  CHECK(offered->version == "SSH-2.0-OpenSSH_9.2");
  CHECK(offered->key_exchange == std::vector<std::string>{"ecdh-sha2-nistp256", "kex2"});
  CHECK(offered->host_key == std::vector<std::string>{"ecdsa-sha2-nistp256"});
  CHECK(offered->cipher == std::vector<std::string>{"aes256-ctr", "aes128-ctr"});
  CHECK(offered->mac == std::vector<std::string>{"hmac"});
}

TEST_CASE("whatever is cut off is nothing") {
  const std::string whole = kexinit();
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(offered_algorithms(whole.substr(0, length)));
}

TEST_CASE("a packet of another kind is nothing") {
  std::string text = kexinit();
  text[text.find('\n') + 6] = 21;
  CHECK_FALSE(offered_algorithms(text));
}

TEST_CASE("what ssh would not offer is not offered, whatever libssh2 has") {
  const std::vector<std::string> supported{"a-sha256", "group1-sha1", "ext-info-c", "b-sha256",
                                           "kex-strict-c-v00@openssh.com"};
  CHECK(algorithms_to_offer(supported, {"b-sha256", "c", "a-sha256"}, {"b-sha256", "c"}) ==
        std::vector<std::string>{"b-sha256", "a-sha256", "ext-info-c", "kex-strict-c-v00@openssh.com"});
  CHECK(algorithms_to_offer({"aes128-ctr", "3des-cbc"}, AllowedAlgorithms{}.cipher, {"3des-cbc"}) ==
        std::vector<std::string>{"aes128-ctr"});
  CHECK(algorithms_to_offer({"aes128-ctr", "3des-cbc"}, {"aes128-ctr", "3des-cbc"}, {}).size() == 2);
  CHECK(algorithms_to_offer({"aes128-ctr"}, {"chacha20-poly1305@openssh.com"}, {}).empty());
}

TEST_CASE("of a host's keys those that are known come first, and an RSA key signs as well as libssh2 can have it") {
  const std::vector<std::string> allowed = AllowedAlgorithms{}.host_key;
  CHECK(host_keys_to_offer({"ssh-ed25519", "ssh-rsa", "ssh-dss"}, allowed, {"ssh-rsa"}) ==
        std::vector<std::string>{"ssh-rsa", "ssh-ed25519"});
  CHECK(host_keys_to_offer({"ssh-ed25519", "rsa-sha2-256", "ssh-rsa"}, allowed, {"ssh-rsa"}) ==
        std::vector<std::string>{"rsa-sha2-256", "ssh-ed25519"});
  CHECK(host_keys_to_offer({"ssh-ed25519", "ssh-rsa"}, {"ssh-ed25519"}, {"ssh-rsa"}) ==
        std::vector<std::string>{"ssh-ed25519"});
  CHECK(host_keys_to_offer({"ssh-ed25519", "ssh-rsa", "rsa-sha2-512"}, {"ssh-rsa", "rsa-sha2-512"}, {}).size() == 2);
}
