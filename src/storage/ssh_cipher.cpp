// libssh2 1.10 hands libcrypto 16 bytes at a time, and such a call costs several times what the processor needs for
// them: 1 GiB takes 67 million. In counter mode the key stream depends on key and counter alone, so a page of it is
// made by one call of libcrypto's own AES before the text is there, and laid over the text as that comes.
//
// libcrypto has a way for it: a provider (provider-cipher(7)) that is part of the program, preferred by the default
// properties. What libssh2 names the old way (EVP_aes_128_ctr) is fetched by these.
#include "storage/ssh_cipher.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

namespace cbtctl::storage {
namespace {

constexpr std::size_t block_bytes = 16;  // of AES, and of its counter
constexpr std::size_t ahead_bytes = 4096;

struct Free {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

using Block = std::array<std::uint64_t, block_bytes / sizeof(std::uint64_t)>;

Block load(const unsigned char* bytes) {
  Block block;
  std::memcpy(block.data(), bytes, sizeof block);
  return block;
}

// One direction of one connection.
class KeyStream final {
 public:
  KeyStream(const char* name, std::size_t key_bytes) : key_bytes_(key_bytes), context_(EVP_CIPHER_CTX_new()) {
    const std::unique_ptr<EVP_CIPHER, Free> aes(EVP_CIPHER_fetch(nullptr, name, "provider!=cbtctl"));
    if (aes && context_) is_ready_ = EVP_EncryptInit_ex2(context_.get(), aes.get(), nullptr, nullptr, nullptr) == 1;
  }

  KeyStream(const KeyStream&) = delete;
  KeyStream& operator=(const KeyStream&) = delete;
  ~KeyStream() { OPENSSL_cleanse(stream_.data(), stream_.size()); }

  [[nodiscard]] std::size_t key_bytes() const { return key_bytes_; }

  // Each may be null, and stays as it was then; the counter not amid a page, since the AES below is at its end.
  [[nodiscard]] bool begin(const unsigned char* key, const unsigned char* counter) {
    if (counter == nullptr && next_ != ahead_bytes) return false;
    next_ = ahead_bytes;
    return is_ready_ && EVP_EncryptInit_ex2(context_.get(), nullptr, key, counter, nullptr) == 1;
  }

  [[nodiscard]] bool lay_over(unsigned char* out, const unsigned char* in, std::size_t count) {
    while (count > 0) {
      if (next_ == ahead_bytes && !make_more()) return false;
      const std::size_t now = std::min(count, ahead_bytes - next_);
      lay_page_over(out, in, now);
      out += now;
      in += now;
      count -= now;
    }
    return true;
  }

 private:
  [[nodiscard]] bool make_more() {
    static constexpr std::array<unsigned char, ahead_bytes> zeros{};
    int made = 0;
    if (EVP_EncryptUpdate(context_.get(), stream_.data(), &made, zeros.data(), ahead_bytes) != 1) return false;
    next_ = 0;
    return true;
  }

  void lay_page_over(unsigned char* out, const unsigned char* in, std::size_t count) {
    const unsigned char* stream = stream_.data() + next_;
    next_ += count;
    for (; count >= block_bytes; count -= block_bytes, stream += block_bytes, in += block_bytes, out += block_bytes) {
      const Block text = load(in), key = load(stream);
      const Block laid{text[0] ^ key[0], text[1] ^ key[1]};
      std::memcpy(out, laid.data(), sizeof laid);
    }
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<unsigned char>(in[i] ^ stream[i]);
  }

  const std::size_t key_bytes_;
  const std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
  bool is_ready_ = false;
  std::array<unsigned char, ahead_bytes> stream_{};
  std::size_t next_ = ahead_bytes;  // of the stream
};

// What libcrypto calls: 1 is success.
int begin(void* stream, const unsigned char* key, std::size_t, const unsigned char* counter, std::size_t,
          const OSSL_PARAM*) {
  return static_cast<KeyStream*>(stream)->begin(key, counter) ? 1 : 0;
}

int cipher(void* stream, unsigned char* out, std::size_t* written, std::size_t room, const unsigned char* in,
           std::size_t count) {
  if (room < count || !static_cast<KeyStream*>(stream)->lay_over(out, in, count)) return 0;
  *written = count;
  return 1;
}

int finish(void*, unsigned char*, std::size_t* written, std::size_t) {
  *written = 0;
  return 1;
}

int tell(OSSL_PARAM* asked, const char* name, std::size_t value) {
  OSSL_PARAM* const one = OSSL_PARAM_locate(asked, name);
  return one == nullptr ? 1 : OSSL_PARAM_set_size_t(one, value);
}

int tell_lengths(OSSL_PARAM* asked, std::size_t key_bytes) {
  return tell(asked, OSSL_CIPHER_PARAM_KEYLEN, key_bytes) & tell(asked, OSSL_CIPHER_PARAM_IVLEN, block_bytes);
}

int tell_own_lengths(void* stream, OSSL_PARAM* asked) {
  return tell_lengths(asked, static_cast<KeyStream*>(stream)->key_bytes());
}

void drop(void* stream) { const std::unique_ptr<KeyStream> dropped(static_cast<KeyStream*>(stream)); }

template <typename Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};  // NOLINT: the library's interface
}

// AES with keys of so many bytes.
template <std::size_t key_bytes>
struct Aes {
  static constexpr const char* name = key_bytes == 16 ? "AES-128-CTR" : key_bytes == 24 ? "AES-192-CTR" : "AES-256-CTR";

  static void* make(void*) {
    try {
      return std::make_unique<KeyStream>(name, key_bytes).release();
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  static int describe(OSSL_PARAM* asked) {
    OSSL_PARAM* const mode = OSSL_PARAM_locate(asked, OSSL_CIPHER_PARAM_MODE);
    if (mode != nullptr && OSSL_PARAM_set_uint(mode, EVP_CIPH_CTR_MODE) != 1) return 0;
    return tell(asked, OSSL_CIPHER_PARAM_BLOCK_SIZE, 1) & tell_lengths(asked, key_bytes);
  }

  static OSSL_ALGORITHM algorithm() {
    static const std::array functions{entry(OSSL_FUNC_CIPHER_NEWCTX, make),
                                      entry(OSSL_FUNC_CIPHER_FREECTX, drop),
                                      entry(OSSL_FUNC_CIPHER_ENCRYPT_INIT, begin),
                                      entry(OSSL_FUNC_CIPHER_DECRYPT_INIT, begin),
                                      entry(OSSL_FUNC_CIPHER_UPDATE, cipher),
                                      entry(OSSL_FUNC_CIPHER_FINAL, finish),
                                      entry(OSSL_FUNC_CIPHER_CIPHER, cipher),
                                      entry(OSSL_FUNC_CIPHER_GET_PARAMS, describe),
                                      entry(OSSL_FUNC_CIPHER_GET_CTX_PARAMS, tell_own_lengths),
                                      OSSL_DISPATCH{0, nullptr}};
    return {name, "provider=cbtctl", functions.data(), nullptr};
  }
};

const OSSL_ALGORITHM* algorithms(void*, int operation, int* is_not_kept) {
  static const std::array all{Aes<16>::algorithm(), Aes<24>::algorithm(), Aes<32>::algorithm(), OSSL_ALGORITHM{}};
  *is_not_kept = 0;
  return operation == OSSL_OP_CIPHER ? all.data() : nullptr;
}

int start(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions, void** context) {
  static const std::array own{entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, algorithms), OSSL_DISPATCH{0, nullptr}};
  *functions = own.data();
  *context = nullptr;
  return 1;
}

}  // namespace

void cipher_ahead() {
  if (OSSL_PROVIDER_available(nullptr, "cbtctl") == 1) return;
  if (EVP_default_properties_is_fips_enabled(nullptr) == 1) return;  // then no other AES is wanted
  // libcrypto's random numbers are key streams of AES-256-CTR. What made a key must not be kept, nor made ahead.
  if (RAND_set_DRBG_type(nullptr, nullptr, "provider!=cbtctl", nullptr, nullptr) != 1) return;
  constexpr int keep_the_others = 1;
  if (OSSL_PROVIDER_add_builtin(nullptr, "cbtctl", start) == 1 &&
      OSSL_PROVIDER_try_load(nullptr, "cbtctl", keep_the_others) != nullptr) {
    EVP_set_default_properties(nullptr, "?provider=cbtctl");
  }
}

}  // namespace cbtctl::storage
