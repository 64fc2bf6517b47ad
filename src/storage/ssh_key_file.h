// What a key file tells without its secret: encrypted or not, RSA or not, and the public half beside it.
#pragma once

#include <string>
#include <string_view>

namespace cbtctl::storage {

// Of the text of a private key, in OpenSSH's own form or in PEM.
[[nodiscard]] bool is_encrypted_key(std::string_view text);
[[nodiscard]] bool is_rsa_text(std::string_view text);

// Of a public key's blob: the bytes that ssh sends.
[[nodiscard]] bool is_rsa_key(std::string_view blob);

// The blob of `path`.pub; empty where there is none.
[[nodiscard]] std::string public_key_beside(const std::string& path);

}  // namespace cbtctl::storage
