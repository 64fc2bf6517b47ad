#include "storage/ssh_sftp.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "storage/local_file.h"

namespace cbtctl::storage {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::success;

constexpr std::size_t most_outstanding = 512;
// What is under way fills the line: so much for each nanosecond of a round trip, which no line and no libssh2 reaches.
// The least keeps the server at work where there is no line to speak of, and what it sends in the processor's cache; of
// the most the rest waits at the server, since the window is 2 MiB.
constexpr std::int64_t bytes_per_nanosecond = 4;
constexpr std::int64_t least_under_way_bytes = 512 * 1024;
constexpr std::int64_t most_under_way_bytes = 4 * 1024 * 1024;
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
  session_->limit_question();
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

void SshSftp::ask(const Maker& maker, Handler handler, std::size_t answer_bytes, std::span<std::byte> into) {
  const std::uint32_t id = next_id_++;
  queue_.push_back({id, maker(id), answer_bytes});
  waiting_.emplace(id, Waiting{std::move(handler), answer_bytes, into});
}

// What is queued goes into the buffer as far as the limits allow; one request always may.
void SshSftp::fill() {
  const auto under_way = [&] { return waiting_.size() - queue_.size(); };
  if (sent_ == to_send_.size()) {
    to_send_.clear();
    sent_ = 0;
  }
  if (under_way() == 0 && !queue_.empty()) {
    ++counters_->waits;
    alone_since_ = Clock::now();
  }
  const std::size_t most_bytes = most_bytes_under_way();
  while (!queue_.empty() && to_send_.size() < most_unsent_bytes) {
    const Queued& next = queue_.front();
    const bool fits = under_way() < most_outstanding && bytes_under_way_ + next.answer_bytes <= most_bytes;
    if (under_way() > 0 && !fits) break;
    bytes_under_way_ += next.answer_bytes;
    to_send_ += next.packet;
    sent_at_.emplace_back(next.id, Clock::now());
    queue_.pop_front();
    ++counters_->requests;
    counters_->most_outstanding = std::max<std::uint64_t>(counters_->most_outstanding, under_way());
  }
}

std::size_t SshSftp::most_bytes_under_way() const {
  constexpr std::chrono::nanoseconds longest(most_under_way_bytes / bytes_per_nanosecond);
  const auto round_trip = std::min<Clock::duration>(round_trip_, longest);
  const auto bytes = std::chrono::nanoseconds(round_trip).count() * bytes_per_nanosecond;
  return static_cast<std::size_t>(std::max(bytes, least_under_way_bytes));
}

// Of the oldest request that is not answered.
void SshSftp::limit_question() {
  while (!sent_at_.empty() && waiting_.count(sent_at_.front().first) == 0) sent_at_.pop_front();
  session_->limit_question(sent_at_.empty() ? Clock::time_point::max()
                                            : sent_at_.front().second + session_->limits().question);
}

SshSftp::Status SshSftp::run(const std::function<bool()>& is_done) {
  while (!waiting_.empty() && !(is_done && is_done())) {
    fill();
    limit_question();
    const auto moved = session_->move(std::string_view(to_send_).substr(sent_));
    if (!moved) return moved.error();
    sent_ += moved->written;
    counters_->bytes_received += moved->output.size();
    const Status taken = take_answers(moved->output);
    if (!taken) return taken.error();
    if (moved->ended) return Error{ErrorKind::unavailable, "the host's SFTP server ended"};
  }
  return success();
}

SshSftp::Status SshSftp::take_answers(std::string_view input) {
  while (!input.empty()) {
    if (arriving_) {
      const auto wanted = arriving_->bytes.subspan(arriving_->come);
      const std::size_t count = std::min(wanted.size(), input.size());
      std::copy_n(std::as_bytes(std::span(input)).begin(), count, wanted.begin());
      input.remove_prefix(count);
      arriving_->come += count;
      if (count < wanted.size()) return success();
      const Arriving whole = *std::exchange(arriving_, std::nullopt);
      const Status taken = take_answer({whole.id, sftp::Data{formats::core::text_of(whole.bytes)}});
      if (!taken) return taken;
      continue;
    }
    const std::size_t count = std::min(sftp::missing_bytes(received_), input.size());
    received_ += input.substr(0, count);
    input.remove_prefix(count);
    std::string_view rest = received_;
    const auto packet = sftp::take_packet(rest);
    if (!packet) return packet.error();
    if (!*packet) {
      begin_arriving();
      continue;
    }
    const auto answer = sftp::decode(**packet);
    if (!answer) return answer.error();
    const Status taken = take_answer(*answer);
    if (!taken) return taken;
    received_.clear();
  }
  return success();
}

void SshSftp::begin_arriving() {
  const auto head = sftp::data_head(received_);
  const Waiting* waiting = head ? asked(head->id) : nullptr;
  if (waiting == nullptr || head->length_bytes == 0 || head->length_bytes > waiting->into.size()) return;
  arriving_ = Arriving{.id = head->id, .bytes = waiting->into.first(head->length_bytes)};
  received_.clear();
}

SshSftp::Waiting* SshSftp::asked(std::uint32_t id) {
  const auto found = waiting_.find(id);
  return found != waiting_.end() && (queue_.empty() || id < queue_.front().id) ? &found->second : nullptr;
}

SshSftp::Status SshSftp::take_answer(const sftp::Answer& answer) {
  Waiting* found = asked(answer.id);
  if (found == nullptr) return Error{ErrorKind::malformed, "the SFTP server answers what was not asked"};
  if (alone_since_) round_trip_ = std::min(round_trip_, Clock::now() - *alone_since_);
  alone_since_.reset();
  const Waiting waiting = std::move(*found);
  waiting_.erase(answer.id);
  bytes_under_way_ -= waiting.answer_bytes;
  waiting.handler(answer);
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
