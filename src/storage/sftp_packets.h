// SFTP version 3, as OpenSSH speaks it (draft-ietf-secsh-filexfer-02): packets to bytes and bytes to packets, pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "formats/core/result.h"

namespace cbtctl::storage::sftp {

inline constexpr std::uint32_t version = 3;
inline constexpr std::size_t most_packet_bytes = 256 * 1024 + 1024;  // OpenSSH answers with 256 KiB at most

enum class Code : std::uint32_t {
  ok = 0,
  end_of_file = 1,
  no_such_file = 2,
  permission_denied = 3,
  failure = 4,
  bad_message = 5,
  no_connection = 6,
  connection_lost = 7,
  unsupported = 8,
};

struct Attributes {
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::uint32_t> user;  // with `group`, or neither
  std::optional<std::uint32_t> group;
  std::optional<std::uint32_t> mode;        // with the type's bits
  std::optional<std::uint32_t> accessed_s;  // with `modified_s`, or neither
  std::optional<std::uint32_t> modified_s;  // since 1970
};

struct Version {
  std::uint32_t number = 0;
  std::vector<std::string> extensions;  // their names
};
struct Outcome {
  Code code = Code::ok;
  std::string message;
};
struct Handle {
  std::string bytes;
};
struct Data {
  std::string_view bytes;  // in the packet that was decoded
};
struct Name {
  std::string name;
  Attributes attributes;
};
struct Names {
  std::vector<Name> names;
};
using Body = std::variant<Version, Outcome, Handle, Data, Names, Attributes>;
struct Answer {
  std::uint32_t id = 0;  // of its request; 0 for Version
  Body body;
  std::size_t packet_bytes = 0;  // as it came
};

// Requests, each a whole packet with its length before it.
[[nodiscard]] std::string init();
enum OpenFlags : std::uint32_t { open_read = 1, open_write = 2, open_create = 8, open_exclusive = 32 };
[[nodiscard]] std::string open(std::uint32_t id, std::string_view path, std::uint32_t flags,
                               const Attributes& attributes);
[[nodiscard]] std::string close(std::uint32_t id, std::string_view handle);
[[nodiscard]] std::string read(std::uint32_t id, std::string_view handle, std::uint64_t offset_bytes,
                               std::uint32_t length_bytes);
[[nodiscard]] std::string write(std::uint32_t id, std::string_view handle, std::uint64_t offset_bytes,
                                std::string_view bytes);
[[nodiscard]] std::string lstat(std::uint32_t id, std::string_view path);
[[nodiscard]] std::string stat(std::uint32_t id, std::string_view path);
[[nodiscard]] std::string fstat(std::uint32_t id, std::string_view handle);
[[nodiscard]] std::string fsetstat(std::uint32_t id, std::string_view handle, const Attributes& attributes);
[[nodiscard]] std::string open_folder(std::uint32_t id, std::string_view path);
[[nodiscard]] std::string read_folder(std::uint32_t id, std::string_view handle);
[[nodiscard]] std::string real_path(std::uint32_t id, std::string_view path);
[[nodiscard]] std::string read_link(std::uint32_t id, std::string_view path);
[[nodiscard]] std::string remove_file(std::uint32_t id, std::string_view path);
[[nodiscard]] std::string make_folder(std::uint32_t id, std::string_view path, const Attributes& attributes);
[[nodiscard]] std::string remove_folder(std::uint32_t id, std::string_view path);
// Never over an existing file: OpenSSH links and unlinks for it.
[[nodiscard]] std::string rename(std::uint32_t id, std::string_view from, std::string_view to);
// "posix-rename@openssh.com" takes two paths, "fsync@openssh.com" a handle.
[[nodiscard]] std::string extended(std::uint32_t id, std::string_view name,
                                   const std::vector<std::string_view>& arguments);

// The first packet of `received` without its length, which is taken off; nothing where it is not whole yet.
// `malformed`: a length that no server sends.
formats::core::Result<std::optional<std::string_view>> take_packet(std::string_view& received);

// What stands before the bytes of a Data answer, which need not be there yet.
inline constexpr std::size_t data_head_bytes = 13;
struct DataHead {
  std::uint32_t id = 0;
  std::size_t length_bytes = 0;
};
// Nothing where `received` does not begin with all of it, or a packet of another kind.
[[nodiscard]] std::optional<DataHead> data_head(std::string_view received);

// How much is missing at the end of `received` of a packet's length, then of what stands before the bytes of a Data
// answer, then of the packet. Precondition: the packet is not whole.
[[nodiscard]] std::size_t missing_bytes(std::string_view received);

// `malformed`: no answer of version 3, or one that ends before its fields do.
formats::core::Result<Answer> decode(std::string_view packet);

}  // namespace cbtctl::storage::sftp
