// A Writer that stops at a chosen moment: from then on nothing can be done through it any more, as after a cut line.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/writer.h"

namespace support {

// Counts what changes something: each change of the datastore, and each line of the journal.
struct Moments {
  std::size_t passed = 0;
  std::size_t last = SIZE_MAX;  // this many happen, and none after them
  std::function<void()> at_end = [] {};
  [[nodiscard]] bool is_over() const { return over; }
  bool next() {
    if (!over && passed >= last) {
      over = true;
      at_end();
    }
    if (!over) ++passed;
    return !over;
  }
  bool over = false;
};

class FaultyWriter final : public cbtctl::storage::Writer {
 public:
  using Status = cbtctl::storage::Status;
  using Error = cbtctl::storage::Error;
  template <typename T>
  using Result = cbtctl::storage::Result<T>;

  FaultyWriter(std::unique_ptr<cbtctl::storage::Writer> writer, Moments& moments)
      : writer_(std::move(writer)), moments_(moments) {}

  Result<cbtctl::storage::FileStatus> status(const std::string& path) override {
    if (moments_.is_over()) return cut();
    return writer_->status(path);
  }
  Result<std::string> read(const std::string& path) override {
    if (moments_.is_over()) return cut();
    return writer_->read(path);
  }
  Result<std::string> digest(const std::string& path) override {
    if (moments_.is_over()) return cut();
    return writer_->digest(path);
  }
  Result<std::string> head(const std::string& path) override {
    if (moments_.is_over()) return cut();
    return writer_->head(path);
  }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    if (moments_.is_over()) return cut();
    return writer_->list(folder);
  }
  Status make_folder(const std::string& path) override {
    return change([&] { return writer_->make_folder(path); });
  }
  Status create(const std::string& path, std::string_view bytes, const std::string& like) override {
    return change([&] { return writer_->create(path, bytes, like); });
  }
  Status keep(const std::string& path, const std::string& as) override {
    return change([&] { return writer_->keep(path, as); });
  }
  Status replace(const std::string& from, const std::string& over) override {
    return change([&] { return writer_->replace(from, over); });
  }
  Status move(const std::string& from, const std::string& to) override {
    return change([&] { return writer_->move(from, to); });
  }
  Status sync() override {
    return change([&] { return writer_->sync(); });
  }
  Status remove_file(const std::string& path) override {
    return change([&] { return writer_->remove_file(path); });
  }
  Status remove_empty_folder(const std::string& path) override {
    return change([&] { return writer_->remove_empty_folder(path); });
  }

 private:
  static Error cut() { return {cbtctl::storage::ErrorKind::unavailable, "the line was cut"}; }
  template <typename Action>
  Status change(Action&& action) {
    return moments_.next() ? action() : Status(cut());
  }

  std::unique_ptr<cbtctl::storage::Writer> writer_;
  Moments& moments_;
};

// Refuses some changes and lets the others through, as a full disk or a folder without permission does.
class RefusingWriter final : public cbtctl::storage::Writer {
 public:
  using Status = cbtctl::storage::Status;
  template <typename T>
  using Result = cbtctl::storage::Result<T>;
  // Asked for each change, with its name: "create", "replace", ...
  using Refuses = std::function<bool(const std::string& what)>;

  RefusingWriter(std::unique_ptr<cbtctl::storage::Writer> writer, Refuses refuses)
      : writer_(std::move(writer)), refuses_(std::move(refuses)) {}

  Result<cbtctl::storage::FileStatus> status(const std::string& path) override { return writer_->status(path); }
  Result<std::string> read(const std::string& path) override { return writer_->read(path); }
  Result<std::string> digest(const std::string& path) override { return writer_->digest(path); }
  Result<std::string> head(const std::string& path) override { return writer_->head(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override { return writer_->list(folder); }
  Status make_folder(const std::string& path) override {
    return refuses_("make_folder") ? full() : writer_->make_folder(path);
  }
  Status create(const std::string& path, std::string_view bytes, const std::string& like) override {
    return refuses_("create") ? full() : writer_->create(path, bytes, like);
  }
  Status keep(const std::string& path, const std::string& as) override {
    return refuses_("keep") ? full() : writer_->keep(path, as);
  }
  Status replace(const std::string& from, const std::string& over) override {
    return refuses_("replace") ? full() : writer_->replace(from, over);
  }
  Status move(const std::string& from, const std::string& to) override {
    return refuses_("move") ? full() : writer_->move(from, to);
  }
  Status sync() override { return refuses_("sync") ? full() : writer_->sync(); }
  Status remove_file(const std::string& path) override {
    return refuses_("remove_file") ? full() : writer_->remove_file(path);
  }
  Status remove_empty_folder(const std::string& path) override {
    return refuses_("remove_empty_folder") ? full() : writer_->remove_empty_folder(path);
  }

 private:
  static Status full() {
    return cbtctl::storage::Error{cbtctl::storage::ErrorKind::unavailable, "no space left on device"};
  }

  std::unique_ptr<cbtctl::storage::Writer> writer_;
  Refuses refuses_;
};

}  // namespace support
