// The ways to log in, in the order of OpenSSH: agent, key files, keyboard-interactive, password. ESXi offers no
// "password" (reference/esxi-facts.md, section 1a), and its keyboard-interactive may ask nothing at all.
#include <libssh2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "formats/core/counted.h"
#include "log/log.h"
#include "storage/local_file.h"
#include "storage/ssh_answers.h"
#include "storage/ssh_key_file.h"
#include "storage/ssh_state.h"

namespace cbtctl::storage {
namespace {

using formats::core::Status;
using formats::core::success;
using State = SshSession::State;

}  // namespace

// One login: what was tried, for the message when all fails.
struct SshLogin {
  State& state;
  std::string methods;  // "publickey,keyboard-interactive", as the host offers them
  std::vector<std::string> tried;
  std::vector<std::string> agent_keys;  // public blobs that the agent already tried
  bool rsa_refused = false;
  SshAnswers answers;
  std::optional<Error> broken;  // the line was lost, or the host broke off

  int complete(const std::function<int()>& call) {
    const int code = state.complete(state.connect_deadline(), call);
    if (code != 0 && state.may_send && !broken && broke_off(code)) {
      broken = code == LIBSSH2_ERROR_TIMEOUT
                   ? state.failure("the login", code)
                   : state.error(ErrorKind::unavailable, "the connection was lost during the login");
      state.lost = true;
    }
    return code;
  }
  // Where no answer came, libssh2 tells it as a login that failed, but says in words what it waited for.
  [[nodiscard]] bool broke_off(int code) const {
    char* text = nullptr;
    libssh2_session_last_error(state.session, &text, nullptr, 0);
    const bool has_waited = text != nullptr && std::string_view(text).find("aiting for") != std::string_view::npos;
    return has_waited || State::is_loss(code);
  }
  [[nodiscard]] bool offers(std::string_view method) const {
    return ("," + methods + ",").find("," + std::string(method) + ",") != std::string::npos;
  }
  [[nodiscard]] const std::string& user() const { return state.settings.user; }
  [[nodiscard]] unsigned user_length() const { return static_cast<unsigned>(user().size()); }
  [[nodiscard]] const SshSecrets& secrets() const { return state.options.secrets; }
  void add_tried(const std::string& method) {
    tried.push_back(broken ? method : method + " (" + answers.reason() + ")");
  }
};

namespace {

using Login = SshLogin;

struct FreeAgent {
  void operator()(LIBSSH2_AGENT* agent) const {
    libssh2_agent_disconnect(agent);
    libssh2_agent_free(agent);
  }
};
using Agent = std::unique_ptr<LIBSSH2_AGENT, FreeAgent>;

enum class AgentState { absent, silent, there };

// An agent that hangs would hold libssh2 for ever: it is asked for its keys once more, with a time limit.
AgentState ask_agent(const std::string& path, State::Clock::duration limit) {
  constexpr std::array<char, 5> request_identities{0, 0, 0, 1, 11};  // RFC draft-miller-ssh-agent
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return AgentState::absent;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  const Descriptor agent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(agent.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno == EAGAIN ? AgentState::silent : AgentState::absent;
  if (::send(agent.get(), request_identities.data(), request_identities.size(), MSG_NOSIGNAL) < 0)
    return AgentState::absent;
  pollfd waiting{agent.get(), POLLIN, 0};
  const auto limit_ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  return ::poll(&waiting, 1, static_cast<int>(limit_ms)) > 0 ? AgentState::there : AgentState::silent;
}

Agent open_agent(Login& login) {
  const State& state = login.state;
  const char* usual = std::getenv("SSH_AUTH_SOCK");
  const std::string path = !state.settings.identity_agent.empty() ? state.settings.identity_agent
                           : usual != nullptr                     ? usual
                                                                  : "none";
  if (path == "none") return nullptr;
  const AgentState found = ask_agent(path, *state.options.limits.connect);
  if (found == AgentState::silent) login.tried.emplace_back("agent (does not answer)");
  if (found != AgentState::there) return nullptr;
  Agent agent(libssh2_agent_init(state.session));
  if (agent == nullptr) return nullptr;
  libssh2_agent_set_identity_path(agent.get(), path.c_str());
  if (libssh2_agent_connect(agent.get()) != 0 || libssh2_agent_list_identities(agent.get()) != 0) return nullptr;
  return agent;
}

bool is_configured(const State& state, const std::string& blob) {
  for (const std::string& path : state.settings.identity_files) {
    if (public_key_beside(path) == blob) return true;
  }
  return false;
}

bool try_agent(Login& login) {
  const Agent agent = open_agent(login);
  if (agent == nullptr) return false;
  unsigned keys = 0;
  libssh2_agent_publickey* key = nullptr;
  for (libssh2_agent_publickey* last = nullptr; libssh2_agent_get_identity(agent.get(), &key, last) == 0; last = key) {
    std::string blob(reinterpret_cast<const char*>(key->blob), key->blob_len);
    if (login.state.settings.identities_only && !is_configured(login.state, blob)) continue;
    ++keys;
    const int code = login.complete([&] { return libssh2_agent_userauth(agent.get(), login.user().c_str(), key); });
    if (code == 0) return true;
    if (login.state.lost) break;
    login.rsa_refused = login.rsa_refused || is_rsa_key(blob);
    login.agent_keys.push_back(std::move(blob));
  }
  login.tried.push_back("agent (" + formats::core::counted(keys, "key", "keys") + ")");
  return false;
}

// An encrypted key is tried with each passphrase that is given; without one it is passed over.
bool try_key_file(Login& login, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) return false;
  Secret passphrase;
  if (is_encrypted_key(text)) {
    const auto& ask = login.secrets().passphrase;
    const auto given = ask ? ask(path) : std::nullopt;
    if (!given) {
      login.tried.push_back(path + " (needs a passphrase)");
      return false;
    }
    passphrase = *given;
  }
  const int code = login.complete([&] {
    return libssh2_userauth_publickey_fromfile_ex(login.state.session, login.user().c_str(), login.user_length(),
                                                  nullptr, path.c_str(),
                                                  passphrase.is_empty() ? nullptr : passphrase.c_str());
  });
  if (code == 0) return true;
  const bool unreadable = code == LIBSSH2_ERROR_FILE || code == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED;
  login.tried.push_back(path + (!unreadable             ? ""
                                : passphrase.is_empty() ? " (cannot be read as a key)"
                                                        : " (wrong passphrase)"));
  login.rsa_refused = login.rsa_refused || is_rsa_key(public_key_beside(path)) || is_rsa_text(text);
  return false;
}

bool try_key_files(Login& login) {
  for (const std::string& path : login.state.settings.identity_files) {
    const std::string blob = public_key_beside(path);
    const bool tried =
        !blob.empty() && std::find(login.agent_keys.begin(), login.agent_keys.end(), blob) != login.agent_keys.end();
    if (!tried && try_key_file(login, path)) return true;
    if (login.state.lost) return false;
  }
  return false;
}

// libssh2 frees what it is given.
void respond(LIBSSH2_USERAUTH_KBDINT_RESPONSE& response, std::string_view text) {
  response.text = static_cast<char*>(State::new_block(text.size() + 1));
  if (response.text == nullptr) return;
  std::copy(text.begin(), text.end(), response.text);
  response.text[text.size()] = '\0';
  response.length = static_cast<unsigned>(text.size());
}

std::string string_of(const char* bytes, int length) {
  return bytes == nullptr || length <= 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(length));
}

// Where a prompt has no answer the login is broken off: an empty one would count towards the host's account lock.
void answer_prompts(const char* name, int name_length, const char* text, int text_length, int count,
                    const LIBSSH2_USERAUTH_KBDINT_PROMPT* prompts, LIBSSH2_USERAUTH_KBDINT_RESPONSE* responses,
                    void** abstract) {
  Login& login = *static_cast<State*>(*abstract)->login;
  login.answers.introduce(string_of(name, name_length), string_of(text, text_length));
  for (int i = 0; i < count; ++i) {
    const std::string prompt(reinterpret_cast<const char*>(prompts[i].text), prompts[i].length);
    const auto answer = login.answers.answer(prompt, prompts[i].echo != 0);
    if (!answer) {
      login.state.may_send = false;
      return;
    }
    respond(responses[i], answer->text());
  }
  if (count > 0) login.answers.end_round();
}

bool try_keyboard_interactive(Login& login) {
  login.answers.begin_method();
  while (login.answers.begin_attempt()) {
    const int code = login.complete([&] {
      return libssh2_userauth_keyboard_interactive_ex(login.state.session, login.user().c_str(), login.user_length(),
                                                      answer_prompts);
    });
    if (code == 0) return true;
    const bool may_try_again = login.answers.trouble().empty() && !login.state.lost;
    if (!may_try_again || code != LIBSSH2_ERROR_AUTHENTICATION_FAILED) break;
  }
  login.add_tried("keyboard-interactive");
  return false;
}

bool try_password(Login& login) {
  login.answers.begin_method();
  while (login.answers.begin_attempt()) {
    const auto password = login.answers.answer("Password: ", false);  // the host has no words of its own
    if (!password) break;
    login.answers.end_round();
    const int code = login.complete([&] {
      return libssh2_userauth_password_ex(login.state.session, login.user().c_str(), login.user_length(),
                                          password->c_str(), static_cast<unsigned>(password->text().size()), nullptr);
    });
    if (code == 0) return true;
    if (login.state.lost || code != LIBSSH2_ERROR_AUTHENTICATION_FAILED) break;
  }
  login.add_tried("password");
  return false;
}

Error rejected(const Login& login) {
  if (login.broken && login.state.farewell.empty()) return *login.broken;
  std::string text = "login rejected: ";
  if (!login.state.farewell.empty()) text += "the host broke off and says '" + login.state.farewell + "'; it ";
  text += (login.state.farewell.empty() ? "the host offers " : "offers ") + login.methods + "; tried: ";
  for (std::size_t i = 0; i < login.tried.size(); ++i) text += (i == 0 ? "" : ", ") + login.tried[i];
  if (login.tried.empty()) text += "nothing, since there is no key and no agent";
  if (login.rsa_refused && LIBSSH2_VERSION_NUM < 0x010b00) {
    text +=
        std::string(". An RSA key signs with SHA-1 in libssh2 ") + libssh2_version(0) +
        ", which ESXi 8 and OpenSSH since 8.8 refuse; libssh2 1.11 can sign with SHA-2, and an ECDSA key works today";
  }
  return login.state.error(ErrorKind::denied, text);
}

// Costs one question, which a host may answer by letting the user in.
int ask_methods(Login& login) {
  char* methods = nullptr;
  const int code = login.complete([&] {
    methods = libssh2_userauth_list(login.state.session, login.user().c_str(), login.user_length());
    return methods != nullptr ? 0 : libssh2_session_last_errno(login.state.session);
  });
  if (methods != nullptr) login.methods = methods;
  return code;
}

Status try_all(Login& login) {
  State& state = login.state;
  const int code = ask_methods(login);
  if (libssh2_userauth_authenticated(state.session) == 1) return success();
  if (code != 0) return state.failure("the host does not tell how to log in", code);
  if (login.offers("publickey") && (try_agent(login) || try_key_files(login))) return success();
  // A host that wants a key and then a password offers that only now.
  const bool has_more = login.offers("keyboard-interactive") || login.offers("password");
  if (!has_more && !state.lost) {
    static_cast<void>(ask_methods(login));
    login.broken.reset();  // where this was one question too many, what was tried is the answer
  }
  if (!state.lost && login.offers("keyboard-interactive") && try_keyboard_interactive(login)) return success();
  // A password that the host is not told again is said with the method that it would be told by.
  const bool may_go_on = !state.lost && !(login.offers("keyboard-interactive") && login.answers.is_over());
  if (may_go_on && login.offers("password") && try_password(login)) return success();
  login.answers.note_failure(!login.broken || !state.farewell.empty());
  return rejected(login);
}

}  // namespace

Status log_in(State& state) {
  const auto on_wait = [&state](State::Clock::duration waited) {  // that time is not the host's
    state.asked += waited;
    state.give_up_at += waited;
  };
  Login login{.state = state, .answers = {state.options.secrets, state.who, account_of(state.settings), on_wait}};
  state.login = &login;
  const Status done = try_all(login);
  state.login = nullptr;
  wipe_dead_stack();
  return done;
}

}  // namespace cbtctl::storage
