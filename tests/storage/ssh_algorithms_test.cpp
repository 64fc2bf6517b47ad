#include "storage/ssh_algorithms.h"

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
