// Sparse extents and whole disks in memory, every entry where the test wants it.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "disk/chain.h"

namespace support {

// Owns its bytes. Where a fault is set, reading fails; holes are told as next_data would of a sparse file.
class StringSource final : public formats::core::ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::optional<formats::core::ByteRange> fault;
  std::uint64_t hole_unit_bytes = 0;  // aligned units of zeros are holes; 0: there are none

  [[nodiscard]] std::uint64_t size_bytes() const override { return bytes_.size(); }
  [[nodiscard]] formats::core::Result<std::size_t> read_at(std::uint64_t offset,
                                                           std::span<std::byte> out) const override {
    if (fault && offset < fault->offset_bytes + fault->length_bytes && offset + out.size() > fault->offset_bytes)
      return formats::core::Error{formats::core::ErrorKind::unavailable, "a bad sector"};
    return formats::core::SpanSource(std::as_bytes(std::span(bytes_))).read_at(offset, out);
  }
  [[nodiscard]] formats::core::Result<formats::core::ByteRange> next_data(std::uint64_t offset) const override {
    if (hole_unit_bytes == 0 || offset >= bytes_.size()) return ByteSource::next_data(offset);
    const auto is_hole = [&](std::uint64_t unit) {
      const std::string part = bytes_.substr(unit * hole_unit_bytes, hole_unit_bytes);
      return part.find_first_not_of('\0') == std::string::npos;
    };
    const std::uint64_t units = (bytes_.size() + hole_unit_bytes - 1) / hole_unit_bytes;
    std::uint64_t unit = offset / hole_unit_bytes;
    while (unit < units && is_hole(unit)) ++unit;
    if (unit == units) return formats::core::ByteRange{bytes_.size(), 0};
    const std::uint64_t begin = std::max(offset, unit * hole_unit_bytes);
    while (unit < units && !is_hole(unit)) ++unit;
    return formats::core::ByteRange{begin, std::min<std::uint64_t>(unit * hole_unit_bytes, bytes_.size()) - begin};
  }

 private:
  std::string bytes_;
};

inline std::string words32(const std::vector<std::uint32_t>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * 4};
}
inline std::string words64(const std::vector<std::uint64_t>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * 8};
}

// A file that grows with what is put into it.
class FileBytes {
 public:
  FileBytes& put(std::uint64_t offset, const std::string& content) {
    if (bytes_.size() < offset + content.size()) bytes_.resize(offset + content.size());
    bytes_.replace(offset, content.size(), content);
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// COWD: header, directory at sector 4, table n at sector 8 + 32 n, grains behind. `entry` sets what a table holds as it
// is; `grain` stores a sector full of one character.
class Cowd {
 public:
  static constexpr std::uint32_t first_table_sector = 8;
  explicit Cowd(std::uint32_t sectors, std::uint32_t tables = 2) : next_sector_(first_table_sector + 32 * tables) {
    file_.put(0, words32({0x44574F43, 1, 3, sectors, 1, 4, tables, next_sector_}) + std::string(2016, '\0'));
    std::vector<std::uint32_t> directory;
    for (std::uint32_t i = 0; i < tables; ++i) directory.push_back(first_table_sector + 32 * i);
    file_.put(4 * 512, words32(directory));
    file_.put(std::uint64_t{next_sector_} * 512 - 1, std::string(1, '\0'));
  }
  Cowd& table(std::uint32_t number, std::uint32_t sector) {
    file_.put(4 * 512 + number * 4, words32({sector}));
    return *this;
  }
  Cowd& entry(std::uint32_t grain, std::uint32_t value) {
    file_.put(entry_at(grain), words32({value}));
    return *this;
  }
  Cowd& grain(std::uint32_t number, char fill) {
    file_.put(std::uint64_t{next_sector_} * 512, std::string(512, fill));
    return entry(number, next_sector_++);
  }
  [[nodiscard]] static std::uint64_t entry_at(std::uint32_t grain) { return first_table_sector * 512 + grain * 4; }
  [[nodiscard]] const std::string& bytes() const { return file_.bytes(); }

 private:
  std::uint32_t next_sector_;
  FileBytes file_;
};

// seSparse of one table: directory at sector 8, table at 16, grains from sector 80 on.
class SeSparse {
 public:
  static constexpr std::uint64_t table_sector = 16;
  static constexpr std::uint64_t grains_sector = 80;
  explicit SeSparse(std::uint64_t sectors, std::uint64_t replay_journal = 0) {
    file_.put(0, words64({0xCAFEBABE,
                          0x200000001,
                          sectors,
                          8,
                          64,
                          0,
                          0,
                          0,
                          0,
                          0,
                          1,
                          1,
                          2,
                          1,
                          3,
                          1,
                          8,
                          8,
                          table_sector,
                          64,
                          2,
                          1,
                          3,
                          1,
                          grains_sector,
                          0}) +
                     std::string(304, '\0'));
    file_.put(512, words64({0xCAFECAFE, 0, 0, replay_journal}));
    file_.put(8 * 512, words64({0x1000000000000000}));
    file_.put(grains_sector * 512 - 1, std::string(1, '\0'));
  }
  SeSparse& directory(std::uint64_t value) {
    file_.put(8 * 512, words64({value}));
    return *this;
  }
  SeSparse& entry(std::uint64_t grain, std::uint64_t value) {
    file_.put(entry_at(grain), words64({value}));
    return *this;
  }
  SeSparse& grain(std::uint64_t number, char fill) {
    file_.put((grains_sector + 8 * stored_) * 512, std::string(4096, fill));
    entry(number, 0x3000000000000000 | (stored_ & 0xFFF) << 48 | stored_ >> 12);
    ++stored_;
    return *this;
  }
  [[nodiscard]] static std::uint64_t entry_at(std::uint64_t grain) { return table_sector * 512 + grain * 8; }
  [[nodiscard]] const std::string& bytes() const { return file_.bytes(); }

 private:
  std::uint64_t stored_ = 0;
  FileBytes file_;
};

inline std::string disk_text(const std::string& extents, const std::string& more = {}) {
  return "# Disk DescriptorFile\nversion=1\nCID=1\ncreateType=\"custom\"\n" + more + extents + "\n";
}
inline std::string on_top_of(const std::string& parent) {
  return "parentCID=1\nparentFileNameHint=\"" + parent + "\"\n";
}

// Files by path; a name inside a file leads beside it, or is absolute.
class Disks {
 public:
  Disks& file(const std::string& path, std::string bytes) {
    files_[path] = std::make_shared<StringSource>(std::move(bytes));
    return *this;
  }
  [[nodiscard]] StringSource& source(const std::string& path) { return *files_.at(path); }
  [[nodiscard]] cbtctl::disk::Finder finder() const {
    return [files = files_](const std::string& from,
                            const std::string& written) -> formats::core::Result<cbtctl::disk::NamedSource> {
      const std::size_t slash = from.rfind('/');
      const std::string folder = slash == std::string::npos ? "" : from.substr(0, slash + 1);
      const std::string path = written.empty() ? from : written.starts_with('/') ? written : folder + written;
      const auto found = files.find(path);
      if (found == files.end())
        return formats::core::Error{formats::core::ErrorKind::missing, from + ": names " + written};
      return cbtctl::disk::NamedSource{path, path, found->second, {}};
    };
  }
  // Precondition: it opens.
  [[nodiscard]] cbtctl::disk::Chain chain(const std::string& path) const {
    auto opened = cbtctl::disk::Chain::open(path, finder());
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }

 private:
  std::map<std::string, std::shared_ptr<StringSource>> files_;
};

// The bytes of [offset, offset + length), or the error's message.
inline std::string read(const formats::core::ByteSource& source, std::uint64_t offset, std::size_t length) {
  std::string out(length, '?');
  const auto count = source.read_at(offset, std::as_writable_bytes(std::span(out)));
  return count ? out.substr(0, *count) : count.error().message;
}

// "0+512 data 0, 512+512 zero 1": offset, length, kind and link.
inline std::string map_of(const cbtctl::disk::Chain& chain) {
  std::string out;
  chain.visit_map([&](const cbtctl::disk::MapExtent& extent) {
    const char* kinds[] = {"data", "zero", "parent", "unreadable"};
    out += (out.empty() ? "" : ", ") + std::to_string(extent.offset_bytes) + "+" + std::to_string(extent.length_bytes) +
           " " + kinds[static_cast<int>(extent.allocation)] + " " + std::to_string(extent.link);
    return true;
  });
  return out;
}

}  // namespace support
