// A folder by SFTP: opened, read ahead where it is long, closed; then its links are read.
#include <algorithm>
#include <cerrno>

#include "formats/core/path.h"
#include "storage/local_file.h"
#include "storage/ssh_sftp_task.h"

namespace cbtctl::storage {
namespace {

using formats::core::join;

constexpr unsigned most_folder_reads = 8;

}  // namespace

class SshSftpEngine::ListTask final : public Task {
 public:
  using Task::Task;

  void begin() override {
    const sftp::Attributes* seen = known();
    if (path_.empty() || (seen != nullptr && type_of(*seen) == EntryType::folder)) return open();
    resolve([this](const std::string& real) { real == absolute(path_) ? open() : finish(error_of(ELOOP)); });
  }

 private:
  void open() {
    ask([this](std::uint32_t id) { return sftp::open_folder(id, absolute(path_)); },
        [this](const sftp::Answer& answer) {
          const auto* handle = std::get_if<sftp::Handle>(&answer.body);
          if (handle == nullptr) return finish(error_of_answer(answer));
          handle_ = handle->bytes;
          read();
          read();
        });
  }

  void read() {
    ++reading_;
    ask([this](std::uint32_t id) { return sftp::read_folder(id, handle_); },
        [this](const sftp::Answer& answer) {
          --reading_;
          const auto* names = std::get_if<sftp::Names>(&answer.body);
          const auto* outcome = std::get_if<sftp::Outcome>(&answer.body);
          const Status added = names != nullptr ? add(*names, answer.packet_bytes) : formats::core::success();
          if (!added) {
            engine_.given_up_ = added.error();
            return;
          }
          if (names != nullptr) ++answers_;
          const bool at_end = outcome != nullptr && outcome->code == sftp::Code::end_of_file;
          if (names == nullptr && !at_end && !error_) error_ = error_of_answer(answer);
          ended_ = ended_ || names == nullptr;
          // Names and their end is what most folders answer; one that goes on is read ahead ever further.
          const unsigned wanted = answers_ < 2 ? 1 : std::min(reading_ + 2, most_folder_reads);
          while (!ended_ && reading_ < wanted) read();
          if (ended_ && reading_ == 0) close();
        });
  }

  Status add(const sftp::Names& names, std::size_t bytes) {
    if (Clock::now() - begun_ > engine_.question_) return engine_.sftp_->question_failure();
    const Status may_be = engine_.budget_->take_bytes(bytes);
    if (!may_be) return may_be;
    for (const sftp::Name& name : names.names) {
      if (name.name == "." || name.name == ".." || name.name.find('/') != std::string::npos || name.name.empty())
        continue;
      const Status counted = engine_.budget_->take_entry(path_, name.name);
      if (!counted) return counted;
      Entry entry{.name = name.name, .type = type_of(name.attributes), .link_target = {}};
      entry.size_bytes = name.attributes.size_bytes;
      engine_.known_.insert_or_assign(join(path_, name.name), name.attributes);
      listing_.entries.push_back(std::move(entry));
    }
    return formats::core::success();
  }

  void close() {
    ask([this](std::uint32_t id) { return sftp::close(id, handle_); }, [](const sftp::Answer&) {});
    if (error_ && listing_.entries.empty()) return finish(*error_);
    listing_.incomplete = error_;
    listing_.sort();
    for (std::size_t i = 0; i < listing_.entries.size(); ++i) {
      if (listing_.entries[i].type == EntryType::link) read_link(i);
    }
    finish_when_whole();
  }

  void read_link(std::size_t entry) {
    ++reading_;
    ask([&](std::uint32_t id) { return sftp::read_link(id, absolute(join(path_, listing_.entries[entry].name))); },
        [this, entry](const sftp::Answer& answer) {
          --reading_;
          const Status counted = engine_.budget_->take_bytes(answer.packet_bytes);
          if (!counted) {
            engine_.given_up_ = counted.error();
            return;
          }
          const auto* names = std::get_if<sftp::Names>(&answer.body);
          if (names != nullptr && names->names.size() == 1)
            listing_.entries[entry].link_target = names->names.front().name;
          finish_when_whole();
        });
  }

  void finish_when_whole() {
    if (reading_ == 0) finish(Answer{std::move(listing_)});
  }

  using Clock = SshSftp::Clock;

  const Clock::time_point begun_ = Clock::now();
  std::string handle_;
  Listing listing_;
  std::optional<Error> error_;
  unsigned reading_ = 0;  // requests without answer
  unsigned answers_ = 0;  // with names
  bool ended_ = false;
};

std::shared_ptr<SshSftpEngine::Task> SshSftpEngine::task_of(std::uint64_t tag, ListRequest request) {
  return std::make_shared<ListTask>(*this, tag, std::move(request.folder));
}

}  // namespace cbtctl::storage
