#include "storage/ssh_key_file.h"

#include <fstream>
#include <iterator>

#include "formats/core/base64.h"

namespace cbtctl::storage {
namespace {

constexpr std::string_view openssh_begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
// "openssh-key-v1" with a zero, then the cipher's name with its length before it; then KDF, count, the public blob.
constexpr std::string_view magic("openssh-key-v1\0", 15);

std::string openssh_content(std::string_view text) {
  const std::size_t begin = text.find(openssh_begin);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + openssh_begin.size());
  const std::size_t end = text.find("-----END");
  return formats::core::from_base64(text.substr(0, end)).value_or("");
}

}  // namespace

bool is_encrypted_key(std::string_view text) {
  const std::string content = openssh_content(text);
  if (content.starts_with(magic)) return content.substr(magic.size(), 8) != std::string("\0\0\0\4none", 8);
  return text.find("ENCRYPTED") != std::string_view::npos;
}

bool is_rsa_text(std::string_view text) {
  if (text.find("BEGIN RSA PRIVATE KEY") != std::string_view::npos) return true;
  const std::string content = openssh_content(text);
  return content.substr(0, 256).find(std::string("\0\0\0\7ssh-rsa", 11)) != std::string::npos;
}

bool is_rsa_key(std::string_view blob) { return blob.starts_with(std::string_view("\0\0\0\7ssh-rsa", 11)); }

std::string public_key_beside(const std::string& path) {
  std::ifstream file(path + ".pub", std::ios::binary);
  std::string type;
  std::string encoded;
  if (!(file >> type >> encoded)) return {};
  return formats::core::from_base64(encoded).value_or("");
}

}  // namespace cbtctl::storage
