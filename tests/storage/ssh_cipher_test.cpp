// AES in counter mode, its key stream made ahead: byte for byte what libcrypto's own gives, however it is cut.
#include "storage/ssh_cipher.h"

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>
#include "tests/support/catch.h"

using cbtctl::storage::cipher_ahead;

namespace {

using Bytes = std::vector<unsigned char>;

struct Free {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// As libssh2 does it: a cipher that is named the old way, begun without a fetch, and EVP_Cipher for each piece.
class Cipher {
 public:
  explicit Cipher(const EVP_CIPHER* named) : named_(named), context_(EVP_CIPHER_CTX_new()) {}

  Cipher& begin(const Bytes& key, const Bytes& counter, bool encrypts = true) {
    REQUIRE(EVP_CipherInit(context_.get(), named_, key.data(), counter.data(), encrypts ? 1 : 0) == 1);
    return *this;
  }
  // In its place, as libssh2 does.
  void pass(Bytes& text, std::size_t at, std::size_t count) {
    REQUIRE(EVP_Cipher(context_.get(), text.data() + at, text.data() + at, static_cast<unsigned>(count)) ==
            static_cast<int>(count));
  }
  [[nodiscard]] std::string provider() const {
    return OSSL_PROVIDER_get0_name(EVP_CIPHER_get0_provider(EVP_CIPHER_CTX_get0_cipher(context_.get())));
  }

 private:
  const EVP_CIPHER* named_;
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
};

Bytes of_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<unsigned char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

Bytes random_bytes(std::size_t count, std::mt19937& random) {
  Bytes bytes(count);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random());
  return bytes;
}

Bytes by_libcrypto(const char* name, const Bytes& key, const Bytes& counter, const Bytes& text) {
  const std::unique_ptr<EVP_CIPHER, Free> cipher(EVP_CIPHER_fetch(nullptr, name, "provider=default"));
  const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  REQUIRE(EVP_EncryptInit_ex2(context.get(), cipher.get(), key.data(), counter.data(), nullptr) == 1);
  Bytes out(text.size());
  int written = 0;
  REQUIRE(EVP_EncryptUpdate(context.get(), out.data(), &written, text.data(), static_cast<int>(text.size())) == 1);
  return out;
}

// How often `masked` lies in this process's memory when each byte there is masked too.
std::size_t times_in_memory(std::span<const unsigned char> masked, unsigned char mask) {
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;  // larger: a sanitizer's own
  std::ifstream maps("/proc/self/maps"), memory("/proc/self/mem", std::ios::binary);
  std::size_t times = 0;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0, end = 0;
    char dash = 0, readable = 0, writable = 0;
    std::istringstream(line) >> std::hex >> begin >> dash >> end >> readable >> writable;
    if (readable != 'r' || writable != 'w' || end - begin > most_bytes) continue;
    std::vector<char> bytes(static_cast<std::size_t>(end - begin));
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(begin)).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto is_masked = [&](char byte, unsigned char wanted) {
      return (static_cast<unsigned char>(byte) ^ mask) == wanted;
    };
    for (auto at = bytes.begin();; ++at, ++times) {
      at = std::search(at, bytes.end(), masked.begin(), masked.end(), is_masked);
      if (at == bytes.end()) break;
    }
  }
  return times;
}

struct Aes {
  const char* name;
  const EVP_CIPHER* named;
  std::size_t key_bytes;
};
const std::vector<Aes> all{{"AES-128-CTR", EVP_aes_128_ctr(), 16},
                           {"AES-192-CTR", EVP_aes_192_ctr(), 24},
                           {"AES-256-CTR", EVP_aes_256_ctr(), 32}};

}  // namespace

TEST_CASE("libcrypto gives libssh2 the cipher whose key stream is made ahead") {
  cipher_ahead();
  for (const Aes& aes : all) {
    Cipher cipher(aes.named);
    cipher.begin(Bytes(aes.key_bytes), Bytes(16));
    CHECK(cipher.provider() == "cbtctl");
  }
}

TEST_CASE("the key stream is that of NIST's examples (SP 800-38A, F.5)") {
  cipher_ahead();
  const Bytes counter = of_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  const Bytes text = of_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
  const auto [named, key, expected] = GENERATE(table<const EVP_CIPHER*, std::string, std::string>(
      {{EVP_aes_128_ctr(), "2b7e151628aed2a6abf7158809cf4f3c",
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"},
       {EVP_aes_192_ctr(), "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
        "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"},
       {EVP_aes_256_ctr(), "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"}}));
  Cipher cipher(named);
  cipher.begin(of_hex(key), counter);
  Bytes passed = text;
  cipher.pass(passed, 0, 16);
  cipher.pass(passed, 16, 16);
  CHECK(passed == of_hex(expected));
}

TEST_CASE("however a text is cut, and with a counter that runs over, the bytes are libcrypto's own") {
  cipher_ahead();
  std::mt19937 random(11);
  for (const Aes& aes : all) {
    const Bytes key = random_bytes(aes.key_bytes, random);
    Bytes counter(16, 0xff);
    counter.back() = 0x80;  // over after 128 blocks, so within the first page
    const Bytes text = random_bytes(100'000, random);
    const Bytes expected = by_libcrypto(aes.name, key, counter, text);
    for (const std::size_t most : std::vector<std::size_t>{1, 16, 17, 5000, 70'000}) {
      Cipher cipher(aes.named);
      cipher.begin(key, counter);
      Bytes passed = text;
      for (std::size_t at = 0, count = 0; at < text.size(); at += count) {
        count = std::min(most == 16 ? 16 : 1 + random() % most, text.size() - at);
        cipher.pass(passed, at, count);
      }
      CHECK(passed == expected);
    }
  }
}

TEST_CASE("new keys begin a new key stream, and what was enciphered is deciphered") {
  cipher_ahead();
  std::mt19937 random(12);
  const Bytes text = random_bytes(1000, random);
  Cipher there(EVP_aes_256_ctr()), back(EVP_aes_256_ctr());
  for (int keys = 0; keys < 2; ++keys) {
    const Bytes key = random_bytes(32, random), counter = random_bytes(16, random);
    Bytes passed = text;
    there.begin(key, counter).pass(passed, 0, passed.size());
    CHECK(passed == by_libcrypto("AES-256-CTR", key, counter, text));
    back.begin(key, counter, false).pass(passed, 0, passed.size());
    CHECK(passed == text);
  }
}

TEST_CASE("without a key, or without a counter amid a page, nothing is enciphered") {
  cipher_ahead();
  const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  const Bytes key(16, 1), counter(16, 2);
  Bytes text(16, 'A');
  int written = 0;
  const auto pass = [&] { return EVP_EncryptUpdate(context.get(), text.data(), &written, text.data(), 16); };
  REQUIRE(EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, nullptr, counter.data()) == 1);
  for (int tries = 0; tries < 2; ++tries) CHECK(pass() == 0);
  CHECK(text == Bytes(16, 'A'));
  REQUIRE(EVP_EncryptInit_ex(context.get(), nullptr, nullptr, key.data(), counter.data()) == 1);
  REQUIRE(pass() == 1);
  CHECK(EVP_EncryptInit_ex(context.get(), nullptr, nullptr, key.data(), nullptr) == 0);
}

// A key stream that is made ahead stays in memory until it is used up: no place for what keys are made of.
TEST_CASE("the random numbers that keys are made of are not kept in memory") {
  cipher_ahead();
  constexpr unsigned char mask = 0x5a;  // what is looked for must not be here either
  std::array<unsigned char, 32> masked{};
  REQUIRE(RAND_priv_bytes(masked.data(), static_cast<int>(masked.size())) == 1);
  for (unsigned char& byte : masked) byte ^= mask;
  CHECK(times_in_memory(masked, mask) == 0);
  std::array<unsigned char, 32> here{};
  REQUIRE(RAND_bytes(here.data(), static_cast<int>(here.size())) == 1);  // seen from outside: it must be written
  for (std::size_t i = 0; i < here.size(); ++i) here[i] = masked[i] ^ mask;
  CHECK(times_in_memory(masked, mask) >= 1);  // what is there is found
}
