#include "storage/ssh_sftp.h"

#include <algorithm>
#include <cerrno>

#include "storage/local_file.h"

namespace cbtctl::storage {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::success;

constexpr std::size_t most_outstanding = 512;
constexpr std::size_t most_bytes_under_way = 4 * 1024 * 1024;  // the window is 2 MiB; the rest waits at the server
constexpr std::size_t most_unsent_bytes = 256 * 1024;

}  // namespace

SshSftp::Result SshSftp::start(SshSession& session, SshCounters& counters) {
  const Status started = session.start_subsystem("sftp");
  counters.waits += 2;  // the channel, the subsystem
  if (!started) return started.error();
  std::unique_ptr<SshSftp> sftp(new SshSftp(session, counters));
  const Status greeted = sftp->greet();
  if (!greeted) return greeted.error();
  return sftp;
}

SshSftp::Status SshSftp::greet() {
  std::string hello = sftp::init();
  std::string_view rest = hello;
  ++counters_->waits;
  for (;;) {
    const auto moved = session_->move(rest);
    if (!moved) return moved.error();
    rest.remove_prefix(moved->written);
    received_ += moved->output;
    std::string_view received = received_;
    const auto packet = sftp::take_packet(received);
    if (!packet) return packet.error();
    if (*packet) {
      const auto answer = sftp::decode(**packet);
      if (!answer) return answer.error();
      const auto* version = std::get_if<sftp::Version>(&answer->body);
      if (version == nullptr || version->number != sftp::version) {
        return Error{ErrorKind::unsupported, "the host speaks no SFTP version 3"};
      }
      extensions_ = version->extensions;
      received_.erase(0, received_.size() - received.size());
      return success();
    }
    if (moved->ended) return Error{ErrorKind::unsupported, "the host's SFTP server ends at once"};
  }
}

void SshSftp::ask(const Maker& maker, Handler handler, std::size_t answer_bytes) {
  const std::uint32_t id = next_id_++;
  queue_.push_back({id, maker(id), answer_bytes});
  waiting_.emplace(id, Waiting{std::move(handler), answer_bytes});
}

// What is queued goes into the buffer as far as the limits allow; one request always may.
void SshSftp::fill() {
  const auto under_way = [&] { return waiting_.size() - queue_.size(); };
  if (sent_ == to_send_.size()) {
    to_send_.clear();
    sent_ = 0;
  }
  if (under_way() == 0 && !queue_.empty()) ++counters_->waits;
  while (!queue_.empty() && to_send_.size() < most_unsent_bytes) {
    const Queued& next = queue_.front();
    const bool fits = under_way() < most_outstanding && bytes_under_way_ + next.answer_bytes <= most_bytes_under_way;
    if (under_way() > 0 && !fits) break;
    bytes_under_way_ += next.answer_bytes;
    to_send_ += next.packet;
    queue_.pop_front();
    ++counters_->requests;
    counters_->most_outstanding = std::max<std::uint64_t>(counters_->most_outstanding, under_way());
  }
}

SshSftp::Status SshSftp::run(const std::function<bool()>& is_done) {
  while (!waiting_.empty() && !(is_done && is_done())) {
    fill();
    const auto moved = session_->move(std::string_view(to_send_).substr(sent_));
    if (!moved) return moved.error();
    sent_ += moved->written;
    counters_->bytes_received += moved->output.size();
    received_ += moved->output;
    const Status taken = take_answers();
    if (!taken) return taken.error();
    if (moved->ended) return Error{ErrorKind::unavailable, "the host's SFTP server ended"};
  }
  return success();
}

SshSftp::Status SshSftp::take_answers() {
  // Handlers see views into the buffer: it stays as it is meanwhile.
  std::string buffer = std::move(received_);
  received_.clear();
  std::string_view rest = buffer;
  for (;;) {
    const auto packet = sftp::take_packet(rest);
    if (!packet) return packet.error();
    if (!*packet) break;
    const auto answer = sftp::decode(**packet);
    if (!answer) return answer.error();
    const auto found = waiting_.find(answer->id);
    const bool is_asked = found != waiting_.end() && (queue_.empty() || answer->id < queue_.front().id);
    if (!is_asked) return Error{ErrorKind::malformed, "the SFTP server answers what was not asked"};
    const Waiting waiting = std::move(found->second);
    waiting_.erase(found);
    bytes_under_way_ -= waiting.answer_bytes;
    waiting.handler(*answer);
  }
  buffer.erase(0, buffer.size() - rest.size());
  received_ = std::move(buffer);
  return success();
}

bool SshSftp::has_extension(std::string_view name) const {
  return std::find(extensions_.begin(), extensions_.end(), name) != extensions_.end();
}

Error error_of_outcome(const sftp::Outcome& outcome) {
  switch (outcome.code) {
    case sftp::Code::no_such_file:
      return error_of(ENOENT);
    case sftp::Code::permission_denied:
      return error_of(EACCES);
    case sftp::Code::bad_message:  // what OpenSSH makes of EINVAL
      return error_of(EINVAL);
    case sftp::Code::unsupported:
      return {ErrorKind::unsupported, "the SFTP server cannot do that"};
    case sftp::Code::ok:
    case sftp::Code::end_of_file:
    case sftp::Code::failure:
    case sftp::Code::no_connection:
    case sftp::Code::connection_lost:
      break;
  }
  return {ErrorKind::unavailable, "the SFTP server says: " + (outcome.message.empty() ? "failure" : outcome.message)};
}

}  // namespace cbtctl::storage
