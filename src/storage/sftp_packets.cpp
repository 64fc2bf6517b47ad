#include "storage/sftp_packets.h"

#include <algorithm>

namespace cbtctl::storage::sftp {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

enum class Type : std::uint8_t {
  init = 1,
  version = 2,
  open = 3,
  close = 4,
  read = 5,
  write = 6,
  lstat = 7,
  fstat = 8,
  fsetstat = 10,
  open_folder = 11,
  read_folder = 12,
  remove_file = 13,
  make_folder = 14,
  remove_folder = 15,
  real_path = 16,
  stat = 17,
  rename = 18,
  read_link = 19,
  status = 101,
  handle = 102,
  data = 103,
  name = 104,
  attributes = 105,
  extended = 200,
};

enum AttributeFlags : std::uint32_t {
  has_size = 1,
  has_owner = 2,
  has_mode = 4,
  has_times = 8,
  has_extended = 0x80000000
};

class Packet {
 public:
  explicit Packet(Type type) : bytes_(4, '\0') { bytes_.push_back(static_cast<char>(type)); }
  Packet(Type type, std::uint32_t id) : Packet(type) { number(id); }
  Packet& number(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(value >> shift & 0xff));
    return *this;
  }
  Packet& long_number(std::uint64_t value) {
    return number(static_cast<std::uint32_t>(value >> 32)).number(static_cast<std::uint32_t>(value));
  }
  Packet& text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  Packet& attributes(const Attributes& value) {
    number((value.size_bytes ? has_size : 0U) | (value.user && value.group ? has_owner : 0U) |
           (value.mode ? has_mode : 0U));
    if (value.size_bytes) long_number(*value.size_bytes);
    if (value.user && value.group) number(*value.user).number(*value.group);
    if (value.mode) number(*value.mode);
    return *this;
  }
  std::string done() {
    const auto length = static_cast<std::uint32_t>(bytes_.size() - 4);
    for (std::size_t i = 0; i < 4; ++i) bytes_[i] = static_cast<char>(length >> (24 - 8 * i) & 0xff);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

// Takes fields off the front; once one is missing all are.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    const auto taken = take(1);
    return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
  }
  std::uint32_t number() {
    std::uint32_t value = 0;
    for (const char c : take(4)) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
  }
  std::uint64_t long_number() {
    const std::uint64_t high = number();
    return high << 32 | number();
  }
  std::string_view text() { return take(number()); }
  Attributes attributes() {
    Attributes out;
    const std::uint32_t flags = number();
    if ((flags & has_size) != 0) out.size_bytes = long_number();
    if ((flags & has_owner) != 0) {
      out.user = number();
      out.group = number();
    }
    if ((flags & has_mode) != 0) out.mode = number();
    if ((flags & has_times) != 0) {
      out.accessed_s = number();
      out.modified_s = number();
    }
    const std::uint32_t more = (flags & has_extended) != 0 ? number() : 0;
    for (std::uint32_t i = 0; i < more && ok_; ++i) {
      text();
      text();
    }
    return out;
  }

 private:
  std::string_view take(std::size_t length) {
    if (!ok_ || length > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  std::string_view rest_;
  bool ok_ = true;
};

Error malformed(const char* what) { return {ErrorKind::malformed, std::string("the SFTP server's answer ") + what}; }

Names take_names(Fields& fields) {
  Names out;
  const std::uint32_t count = fields.number();
  for (std::uint32_t i = 0; i < count && fields.ok(); ++i) {
    Name name{.name = std::string(fields.text()), .attributes = {}};
    fields.text();  // as `ls -l` would print it
    name.attributes = fields.attributes();
    if (fields.ok()) out.names.push_back(std::move(name));
  }
  return out;
}

Version take_version(Fields& fields) {
  Version out{.number = fields.number(), .extensions = {}};
  while (fields.ok() && !fields.empty()) {
    out.extensions.emplace_back(fields.text());
    fields.text();
  }
  return out;
}

Outcome take_outcome(Fields& fields) {
  const std::uint32_t code = fields.number();
  Outcome out{.code = code > static_cast<std::uint32_t>(Code::unsupported) ? Code::failure : static_cast<Code>(code),
              .message = {}};
  if (!fields.empty()) out.message = fields.text();  // old servers send none
  return out;
}

}  // namespace

std::string init() { return Packet(Type::init).number(version).done(); }
std::string open(std::uint32_t id, std::string_view path, std::uint32_t flags, const Attributes& attributes) {
  return Packet(Type::open, id).text(path).number(flags).attributes(attributes).done();
}
std::string close(std::uint32_t id, std::string_view handle) { return Packet(Type::close, id).text(handle).done(); }
std::string read(std::uint32_t id, std::string_view handle, std::uint64_t offset_bytes, std::uint32_t length_bytes) {
  return Packet(Type::read, id).text(handle).long_number(offset_bytes).number(length_bytes).done();
}
std::string write(std::uint32_t id, std::string_view handle, std::uint64_t offset_bytes, std::string_view bytes) {
  return Packet(Type::write, id).text(handle).long_number(offset_bytes).text(bytes).done();
}
std::string lstat(std::uint32_t id, std::string_view path) { return Packet(Type::lstat, id).text(path).done(); }
std::string stat(std::uint32_t id, std::string_view path) { return Packet(Type::stat, id).text(path).done(); }
std::string fstat(std::uint32_t id, std::string_view handle) { return Packet(Type::fstat, id).text(handle).done(); }
std::string fsetstat(std::uint32_t id, std::string_view handle, const Attributes& attributes) {
  return Packet(Type::fsetstat, id).text(handle).attributes(attributes).done();
}
std::string open_folder(std::uint32_t id, std::string_view path) {
  return Packet(Type::open_folder, id).text(path).done();
}
std::string read_folder(std::uint32_t id, std::string_view handle) {
  return Packet(Type::read_folder, id).text(handle).done();
}
std::string real_path(std::uint32_t id, std::string_view path) { return Packet(Type::real_path, id).text(path).done(); }
std::string read_link(std::uint32_t id, std::string_view path) { return Packet(Type::read_link, id).text(path).done(); }
std::string remove_file(std::uint32_t id, std::string_view path) {
  return Packet(Type::remove_file, id).text(path).done();
}
std::string make_folder(std::uint32_t id, std::string_view path, const Attributes& attributes) {
  return Packet(Type::make_folder, id).text(path).attributes(attributes).done();
}
std::string remove_folder(std::uint32_t id, std::string_view path) {
  return Packet(Type::remove_folder, id).text(path).done();
}
std::string rename(std::uint32_t id, std::string_view from, std::string_view to) {
  return Packet(Type::rename, id).text(from).text(to).done();
}
std::string extended(std::uint32_t id, std::string_view name, const std::vector<std::string_view>& arguments) {
  Packet packet(Type::extended, id);
  packet.text(name);
  for (const std::string_view argument : arguments) packet.text(argument);
  return packet.done();
}

Result<std::optional<std::string_view>> take_packet(std::string_view& received) {
  if (received.size() < 4) return std::optional<std::string_view>{};
  const std::uint32_t length = Fields(received).number();
  if (length == 0 || length > most_packet_bytes) return malformed("has a length that no answer has");
  if (received.size() - 4 < length) return std::optional<std::string_view>{};
  const std::string_view packet = received.substr(4, length);
  received.remove_prefix(4 + std::size_t{length});
  return std::optional(packet);
}

std::optional<DataHead> data_head(std::string_view received) {
  if (received.size() < data_head_bytes) return std::nullopt;
  Fields fields(received);
  const std::uint32_t packet_bytes = fields.number();
  if (static_cast<Type>(fields.byte()) != Type::data) return std::nullopt;
  const DataHead head{.id = fields.number(), .length_bytes = fields.number()};
  if (packet_bytes > most_packet_bytes || packet_bytes + 4 != data_head_bytes + head.length_bytes) return std::nullopt;
  return head;
}

std::size_t missing_bytes(std::string_view received) {
  constexpr std::size_t length_bytes = 4;
  if (received.size() < length_bytes) return length_bytes - received.size();
  const std::size_t whole = length_bytes + Fields(received).number();
  const std::size_t head = std::min(whole, data_head_bytes);
  return (received.size() < head ? head : whole) - received.size();
}

Result<Answer> decode(std::string_view packet) {
  Fields fields(packet);
  const auto type = static_cast<Type>(fields.byte());
  Answer answer{.id = 0, .body = {}, .packet_bytes = packet.size()};
  if (type != Type::version) answer.id = fields.number();
  switch (type) {
    case Type::version:
      answer.body = take_version(fields);
      break;
    case Type::status:
      answer.body = take_outcome(fields);
      break;
    case Type::handle:
      answer.body = Handle{std::string(fields.text())};
      break;
    case Type::data:
      answer.body = Data{fields.text()};
      break;
    case Type::name:
      answer.body = take_names(fields);
      break;
    case Type::attributes:
      answer.body = fields.attributes();
      break;
    default:
      return malformed("is of a kind that is none");
  }
  if (!fields.ok()) return malformed("ends before its fields do");
  return answer;
}

}  // namespace cbtctl::storage::sftp
