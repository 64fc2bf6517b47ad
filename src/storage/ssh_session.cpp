#include "storage/ssh_session.h"

#include <libssh2.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "storage/ssh_state.h"

namespace cbtctl::storage {
namespace {

using formats::core::Status;
using formats::core::success;
using State = SshSession::State;

constexpr std::size_t most_first_bytes = 64 * 1024;
constexpr std::size_t buffer_bytes = 256 * 1024;
constexpr unsigned window_bytes = 2 * 1024 * 1024;
constexpr unsigned packet_bytes = 32 * 1024;

// Of a block of libssh2's memory, before it.
struct alignas(std::max_align_t) BlockHead {
  std::size_t bytes = 0;
};

void* allocate(std::size_t bytes, void**) {
  auto* head = static_cast<BlockHead*>(std::malloc(sizeof(BlockHead) + bytes));
  if (head == nullptr) return nullptr;
  head->bytes = bytes;
  return head + 1;
}

void release(void* block, void** abstract) {
  if (block == nullptr) return;
  auto* head = static_cast<BlockHead*>(block) - 1;
  const auto* state = static_cast<const State*>(*abstract);
  if (state == nullptr || state->wipes_memory) ::explicit_bzero(block, head->bytes);
  std::free(head);
}

void* reallocate(void* block, std::size_t bytes, void** abstract) {
  void* larger = allocate(bytes, abstract);
  if (larger == nullptr || block == nullptr) return larger;
  std::memcpy(larger, block, std::min(bytes, (static_cast<BlockHead*>(block) - 1)->bytes));
  release(block, abstract);
  return larger;
}

// libssh2 wants the errno, negative.
ssize_t receive(libssh2_socket_t socket, void* buffer, std::size_t length, int flags, void** abstract) {
  auto* state = static_cast<State*>(*abstract);
  if (State::Clock::now() > state->give_up_at) return -ETIMEDOUT;
  const ssize_t count = ::recv(socket, buffer, length, flags);
  if (count < 0) return -errno;
  if (state->has_first && state->first_bytes.size() < most_first_bytes) {
    state->first_bytes.append(static_cast<const char*>(buffer), static_cast<std::size_t>(count));
  }
  return count;
}

ssize_t send(libssh2_socket_t socket, const void* buffer, std::size_t length, int flags, void** abstract) {
  if (!static_cast<State*>(*abstract)->may_send) return -EPIPE;
  const ssize_t count = ::send(socket, buffer, length, flags | MSG_NOSIGNAL);
  return count < 0 ? -errno : count;
}

void take_leave(LIBSSH2_SESSION*, int, const char* message, int length, const char*, int, void** abstract) {
  static_cast<State*>(*abstract)->farewell.assign(message, static_cast<std::size_t>(std::max(length, 0)));
}

// libssh2's hooks have C types of their own, and go in as functions since 1.11.1, as pointers to data before.
template <typename Function>
void set_hook(LIBSSH2_SESSION* session, int kind, Function* function) {
#if LIBSSH2_VERSION_NUM >= 0x010b01
  libssh2_session_callback_set2(session, kind, reinterpret_cast<libssh2_cb_generic*>(function));
#else
  libssh2_session_callback_set(session, kind, reinterpret_cast<void*>(function));
#endif
}

}  // namespace

// Takes leave for a moment at most, and waits for no answer: the end of a connection ends its channel too, and what
// runs there reads the end of its input.
SshSession::State::~State() {
  if (session == nullptr) return;
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  may_send = may_send && !lost;
  complete(deadline, [this] { return libssh2_session_disconnect(session, "done"); });
  may_send = false;
  complete(deadline, [this] { return libssh2_session_free(session); });
}

void* SshSession::State::new_block(std::size_t bytes) { return allocate(bytes, nullptr); }

std::vector<std::string> SshSession::State::supported(int method) const {
  const char** names = nullptr;
  const int count = libssh2_session_supported_algs(session, method, &names);
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.emplace_back(names[i]);
  if (count > 0) libssh2_free(session, names);
  return out;
}

bool SshSession::State::wait_for_socket(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  if (left.count() <= 0) return false;
  const int directions = libssh2_session_block_directions(session);
  short events = (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0 ? POLLOUT : 0;
  if (events == 0 || (directions & LIBSSH2_SESSION_BLOCK_INBOUND) != 0) events = static_cast<short>(events | POLLIN);
  pollfd waiting{connection.socket.get(), events, 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
  return ready > 0 || (ready < 0 && errno == EINTR);
}

int SshSession::State::complete(Clock::time_point deadline, const std::function<int()>& call) {
  const auto asked_before = asked;
  for (;;) {
    give_up_at = deadline + (asked - asked_before);
    const int code = call();
    const auto until = deadline + (asked - asked_before);
    if (code != LIBSSH2_ERROR_EAGAIN) return code < 0 && Clock::now() >= until ? LIBSSH2_ERROR_TIMEOUT : code;
    if (login != nullptr && !may_send) return LIBSSH2_ERROR_SOCKET_SEND;  // libssh2 waits for the host all the same
    if (!wait_for_socket(until) && Clock::now() >= until) return LIBSSH2_ERROR_TIMEOUT;
  }
}

bool SshSession::State::is_loss(int code) {
  return code == LIBSSH2_ERROR_TIMEOUT || code == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
         code == LIBSSH2_ERROR_SOCKET_RECV || code == LIBSSH2_ERROR_SOCKET_SEND || code == LIBSSH2_ERROR_DECRYPT ||
         code == LIBSSH2_ERROR_INVALID_MAC || code == LIBSSH2_ERROR_PROTO;
}

Error SshSession::State::failure(const std::string& what, int code) {
  lost = lost || is_loss(code);
  if (code == LIBSSH2_ERROR_TIMEOUT) return error(ErrorKind::unavailable, what + ": no answer in time");
  char* text = nullptr;
  libssh2_session_last_error(session, &text, nullptr, 0);
  const std::string words = text == nullptr || *text == '\0' ? "error " + std::to_string(code) : text;
  return error(ErrorKind::unavailable, what + ": " + words);
}

SshSession::SshSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
SshSession::~SshSession() = default;
const std::string& SshSession::who() const { return state_->who; }
const std::string& SshSession::identity() const { return state_->identity; }
const SshLimits& SshSession::limits() const { return state_->options.limits; }
void SshSession::limit_question(Clock::time_point end) { state_->question_ends = end; }

Error SshSession::question_failure() const {
  return state_->error(
      ErrorKind::unavailable,
      "one question takes longer than " + std::to_string(limits().question.count()) + " s (--question-timeout)");
}

formats::core::Result<std::unique_ptr<SshSession>> SshSession::open(const SshSettings& settings,
                                                                    const SshOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { libssh2_init(0); });
  auto state = std::make_unique<State>();
  state->settings = settings;
  state->options = options;
  state->who = settings.user + "@" + settings.alias;
  const auto configured = settings.connect_limit_seconds;
  if (!state->options.limits.connect)
    state->options.limits.connect = configured ? std::chrono::seconds(*configured) : SshLimits::usual_connect;
  auto connection = connect_ssh(settings, options.config_file, *state->options.limits.connect);
  if (!connection) return connection.error().in(state->who);
  state->connection = std::move(*connection);
  state->session = libssh2_session_init_ex(allocate, release, reallocate, state.get());
  if (state->session == nullptr) return state->error(ErrorKind::unavailable, "libssh2 cannot begin a session");
  libssh2_session_set_blocking(state->session, 0);
  set_hook(state->session, LIBSSH2_CALLBACK_RECV, receive);
  set_hook(state->session, LIBSSH2_CALLBACK_SEND, send);
  set_hook(state->session, LIBSSH2_CALLBACK_DISCONNECT, take_leave);
  for (const auto& step : {prefer_algorithms, shake_hands, check_host_key, log_in}) {
    const Status done = step(*state);
    if (!done) return done.error();
  }
  state->wipes_memory = false;
  libssh2_keepalive_config(state->session, 1, static_cast<unsigned>(state->options.limits.keepalive.count()));
  return std::unique_ptr<SshSession>(new SshSession(std::move(state)));
}

namespace {

// MaxSessions 1: a host that has not yet put the last channel away refuses the next, for a moment.
Status open_channel(State& state) {
  const auto deadline = state.connect_deadline();
  for (int attempt = 0;; ++attempt) {
    const int code = state.complete(deadline, [&] {
      state.channel = libssh2_channel_open_ex(state.session, "session", 7, window_bytes, packet_bytes, nullptr, 0);
      return state.channel != nullptr ? 0 : libssh2_session_last_errno(state.session);
    });
    if (code == 0) return success();
    if (code != LIBSSH2_ERROR_CHANNEL_FAILURE || attempt == 5) return state.failure("no channel can be opened", code);
    ::poll(nullptr, 0, 20 << attempt);
  }
}

formats::core::Result<std::size_t> start(SshSession& session, State& state, const char* request,
                                         const std::string& message, std::string_view input) {
  session.close_channel();
  if (state.lost) return state.error(ErrorKind::unavailable, "the connection is lost");
  const Status opened = open_channel(state);
  if (!opened) return opened.error();
  std::size_t written = 0;
  const int code = state.complete(state.connect_deadline(), [&] {
    const int started = libssh2_channel_process_startup(state.channel, request,
                                                        static_cast<unsigned>(std::char_traits<char>::length(request)),
                                                        message.data(), static_cast<unsigned>(message.size()));
    const bool is_sent = (libssh2_session_block_directions(state.session) & LIBSSH2_SESSION_BLOCK_OUTBOUND) == 0;
    if (started == LIBSSH2_ERROR_EAGAIN && is_sent && written < input.size()) {
      const ssize_t count = libssh2_channel_write(state.channel, input.data() + written, input.size() - written);
      if (count > 0) written += static_cast<std::size_t>(count);
    }
    return started;
  });
  if (code == 0) return written;
  Error error = state.failure(std::string("the host refuses ") + request, code);
  if (!state.lost) error.kind = ErrorKind::unsupported;
  return error;
}

// Bytes read, LIBSSH2_ERROR_EAGAIN, or another error.
ssize_t read_stream(State& state, int stream, std::string& buffer, std::string_view& out) {
  if (buffer.empty()) buffer.resize(buffer_bytes);
  const ssize_t count = libssh2_channel_read_ex(state.channel, stream, buffer.data(), buffer.size());
  if (count > 0) out = {buffer.data(), static_cast<std::size_t>(count)};
  return count;
}

// Of either stream. (libssh2_poll_channel_read stops with an error at any short packet before them.)
unsigned long bytes_in_hand(const State& state) {
  unsigned long bytes = 0;
  libssh2_channel_window_read_ex(state.channel, &bytes, nullptr);
  return bytes;
}

bool is_failure(ssize_t count) { return count < 0 && count != LIBSSH2_ERROR_EAGAIN; }

}  // namespace

formats::core::Result<std::size_t> SshSession::start_command(const std::string& command, std::string_view input) {
  return start(*this, *state_, "exec", command, input);
}

formats::core::Status SshSession::start_subsystem(const std::string& name) {
  const auto started = start(*this, *state_, "subsystem", name, {});
  return started ? success() : Status(started.error());
}

formats::core::Result<SshSession::Moved> SshSession::move(std::string_view input) {
  State& state = *state_;
  if (state.lost || state.channel == nullptr) return state.error(ErrorKind::unavailable, "the connection is lost");
  const auto deadline = std::min(State::Clock::now() + state.options.limits.silence, state.question_ends);
  state.give_up_at = deadline;
  const auto silent = [&] {
    state.lost = true;
    if (deadline == state.question_ends) return question_failure();
    return state.error(ErrorKind::unavailable,
                       "no answer for " + std::to_string(state.options.limits.silence.count()) + " s");
  };
  if (State::Clock::now() >= deadline) return silent();
  for (;;) {
    Moved moved;
    const ssize_t out = read_stream(state, 0, state.output_buffer, moved.output);
    const ssize_t errors =
        is_failure(out) ? 0 : read_stream(state, SSH_EXTENDED_DATA_STDERR, state.errors_buffer, moved.errors);
    ssize_t written = 0;
    if (!input.empty() && !is_failure(out) && !is_failure(errors)) {
      written = libssh2_channel_write(state.channel, input.data(), input.size());
    }
    for (const ssize_t count : {out, errors, written}) {
      if (is_failure(count) && State::Clock::now() >= deadline) return silent();
      if (is_failure(count)) return state.failure("the connection is lost", static_cast<int>(count));
    }
    if (written > 0) moved.written = static_cast<std::size_t>(written);
    moved.ended = out <= 0 && errors <= 0 && libssh2_channel_eof(state.channel) == 1;
    if (moved.ended || moved.written > 0 || !moved.output.empty() || !moved.errors.empty()) return moved;
    // Output that came while the errors were read, or while something was written, is in libssh2's hands: the socket
    // has nothing more to tell of it.
    if (bytes_in_hand(state) > 0 && State::Clock::now() < deadline) continue;
    int seconds = 0;
    libssh2_keepalive_send(state.session, &seconds);
    const auto next_sign = State::Clock::now() + std::chrono::seconds(std::max(seconds, 1));
    if (!state.wait_for_socket(std::min(deadline, next_sign)) && State::Clock::now() >= deadline) return silent();
  }
}

void SshSession::end_input() {
  State& state = *state_;
  if (state.channel == nullptr || state.lost) return;
  state.complete(state.connect_deadline(), [&] { return libssh2_channel_send_eof(state.channel); });
}

int SshSession::close_channel() {
  State& state = *state_;
  if (state.channel == nullptr) return -1;
  const auto deadline = state.connect_deadline();
  int status = -1;
  if (!state.lost && state.complete(deadline, [&] { return libssh2_channel_close(state.channel); }) == 0 &&
      state.complete(deadline, [&] { return libssh2_channel_wait_closed(state.channel); }) == 0) {
    status = libssh2_channel_get_exit_status(state.channel);
  }
  if (!state.lost) state.complete(deadline, [&] { return libssh2_channel_free(state.channel); });
  state.channel = nullptr;
  return status;
}

void SshSession::keep_alive() {
  int seconds = 0;
  if (!state_->lost) libssh2_keepalive_send(state_->session, &seconds);
}

}  // namespace cbtctl::storage
