// One open file of this machine: its descriptor, its bytes, and what its errors mean.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "storage/reader.h"

namespace cbtctl::storage {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

// What an errno of a read means. EBUSY and EINVAL are what ESXi answers for a file of a running virtual machine.
[[nodiscard]] Error error_of(int number);

[[nodiscard]] FileStatus status_of(const struct stat& found);

// Reads until `out` is full or the file ends.
Result<std::size_t> read_fully(const Descriptor& file, std::uint64_t offset_bytes, std::span<std::byte> out);

// Writes all of it where the file stands.
Status write_fully(const Descriptor& file, std::span<const std::byte> bytes);

// A regular file or a block device as a source of bytes. `path` is told where it does not answer (slow_paths.h).
Result<std::unique_ptr<ByteSource>> open_source(Descriptor file, std::string path);

}  // namespace cbtctl::storage
