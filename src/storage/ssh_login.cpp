// The ways to log in, in the order of OpenSSH: agent, key files, keyboard-interactive, password. ESXi offers no
// "password" (reference/esxi-facts.md, section 1a), and its keyboard-interactive may ask nothing at all.
#include <libssh2.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "log/log.h"
#include "storage/ssh_key_file.h"
#include "storage/ssh_state.h"

namespace cbtctl::storage {
namespace {

using formats::core::Status;
using formats::core::success;
using State = SshSession::State;

constexpr unsigned most_attempts = 3;

}  // namespace

// One login: what was tried, for the message when all fails.
struct SshLogin {
  State& state;
  std::string methods;  // "publickey,keyboard-interactive", as the host offers them
  std::vector<std::string> tried;
  std::vector<std::string> agent_keys;  // public blobs that the agent already tried
  bool rsa_refused = false;
  bool no_password = false;  // none was given, or none that is left
  unsigned attempt = 0;
  std::optional<std::string> next_password;  // asked for before an attempt begins: one that is broken off counts too

  int complete(const std::function<int()>& call) { return state.complete(state.connect_deadline(), call); }
  [[nodiscard]] bool offers(std::string_view method) const {
    return ("," + methods + ",").find("," + std::string(method) + ",") != std::string::npos;
  }
  [[nodiscard]] const std::string& user() const { return state.settings.user; }
  [[nodiscard]] unsigned user_length() const { return static_cast<unsigned>(user().size()); }
  std::optional<std::string> password() {
    if (next_password) return std::exchange(next_password, std::nullopt);
    if (!state.options.secrets.password) return std::nullopt;
    return unhurried([&] { return state.options.secrets.password(state.who, attempt); });
  }
  std::optional<std::string> answer(const std::string& question) {
    if (!state.options.secrets.answer) return std::nullopt;
    return unhurried([&] { return state.options.secrets.answer(state.who, question); });
  }
  [[nodiscard]] std::string password_trouble() const {
    return no_password && attempt == 0 ? " (no password was given)" : " (the password was not accepted)";
  }
  // The host waits while the operator thinks: that time is not the host's.
  template <typename Ask>
  std::optional<std::string> unhurried(Ask ask) {
    const auto begin = State::Clock::now();
    auto text = ask();
    state.asked += State::Clock::now() - begin;
    state.give_up_at += State::Clock::now() - begin;
    return text;
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

Agent open_agent(const State& state) {
  const std::string& path = state.settings.identity_agent;
  if (path == "none" || (path.empty() && std::getenv("SSH_AUTH_SOCK") == nullptr)) return nullptr;
  Agent agent(libssh2_agent_init(state.session));
  if (agent == nullptr) return nullptr;
  if (!path.empty()) libssh2_agent_set_identity_path(agent.get(), path.c_str());
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
  const Agent agent = open_agent(login.state);
  if (agent == nullptr) return false;
  unsigned keys = 0;
  libssh2_agent_publickey* key = nullptr;
  for (libssh2_agent_publickey* last = nullptr; libssh2_agent_get_identity(agent.get(), &key, last) == 0; last = key) {
    std::string blob(reinterpret_cast<const char*>(key->blob), key->blob_len);
    if (login.state.settings.identities_only && !is_configured(login.state, blob)) continue;
    ++keys;
    const int code = login.complete([&] { return libssh2_agent_userauth(agent.get(), login.user().c_str(), key); });
    if (code == 0) return true;
    login.rsa_refused = login.rsa_refused || is_rsa_key(blob);
    login.agent_keys.push_back(std::move(blob));
  }
  login.tried.push_back("agent (" + std::to_string(keys) + (keys == 1 ? " key)" : " keys)"));
  return false;
}

// An encrypted key is tried with each passphrase that is given; without one it is passed over.
bool try_key_file(Login& login, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) return false;
  std::string passphrase;
  if (is_encrypted_key(text)) {
    const auto& ask = login.state.options.secrets.passphrase;
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
                                                  passphrase.empty() ? nullptr : passphrase.c_str());
  });
  if (code == 0) return true;
  const bool unreadable = code == LIBSSH2_ERROR_FILE || code == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED;
  login.tried.push_back(path + (!unreadable          ? ""
                                : passphrase.empty() ? " (cannot be read as a key)"
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
void respond(LIBSSH2_USERAUTH_KBDINT_RESPONSE& response, const std::string& text) {
  response.text = static_cast<char*>(std::malloc(text.size() + 1));
  if (response.text == nullptr) return;
  std::memcpy(response.text, text.c_str(), text.size() + 1);
  response.length = static_cast<unsigned>(text.size());
}

// Without a password nothing is answered: an empty one would count towards the host's account lock.
void answer_questions(const char*, int, const char*, int, int count, const LIBSSH2_USERAUTH_KBDINT_PROMPT* prompts,
                      LIBSSH2_USERAUTH_KBDINT_RESPONSE* responses, void** abstract) {
  Login& login = *static_cast<State*>(*abstract)->login;
  for (int i = 0; i < count; ++i) {
    const std::string question(reinterpret_cast<const char*>(prompts[i].text), prompts[i].length);
    const auto text = prompts[i].echo == 0 ? login.password() : login.answer(question);
    if (!text) {
      login.no_password = true;
      login.state.may_send = false;
      return;
    }
    respond(responses[i], *text);
  }
}

bool try_keyboard_interactive(Login& login) {
  for (login.attempt = 0; login.attempt < most_attempts; ++login.attempt) {
    if (login.attempt > 0) {
      login.next_password = login.password();
      login.no_password = !login.next_password;
      if (login.no_password) break;
    }
    const int code = login.complete([&] {
      return libssh2_userauth_keyboard_interactive_ex(login.state.session, login.user().c_str(), login.user_length(),
                                                      answer_questions);
    });
    if (code == 0) return true;
    if (login.no_password || login.state.lost || code != LIBSSH2_ERROR_AUTHENTICATION_FAILED) break;
  }
  login.tried.push_back("keyboard-interactive" + login.password_trouble());
  return false;
}

bool try_password(Login& login) {
  for (login.attempt = 0; login.attempt < most_attempts; ++login.attempt) {
    const auto password = login.password();
    if (!password) {
      login.no_password = true;
      break;
    }
    const int code = login.complete([&] {
      return libssh2_userauth_password_ex(login.state.session, login.user().c_str(), login.user_length(),
                                          password->c_str(), static_cast<unsigned>(password->size()), nullptr);
    });
    if (code == 0) return true;
    if (code != LIBSSH2_ERROR_AUTHENTICATION_FAILED) break;
  }
  login.tried.push_back("password" + login.password_trouble());
  return false;
}

Error rejected(const Login& login) {
  std::string text = "login rejected: the host offers " + login.methods + "; tried: ";
  for (std::size_t i = 0; i < login.tried.size(); ++i) text += (i == 0 ? "" : ", ") + login.tried[i];
  if (login.tried.empty()) text += "nothing, since there is no key and no agent";
  if (login.rsa_refused && LIBSSH2_VERSION_NUM < 0x010b00) {
    text +=
        std::string(". An RSA key signs with SHA-1 in libssh2 ") + libssh2_version(0) +
        ", which ESXi 8 and OpenSSH since 8.8 refuse; libssh2 1.11 can sign with SHA-2, and an ECDSA key works today";
  }
  return login.state.error(ErrorKind::denied, text);
}

}  // namespace

// The list of methods costs one question, which a host may answer by letting the user in.
Status log_in(State& state) {
  Login login{.state = state, .methods = {}, .tried = {}, .agent_keys = {}};
  state.login = &login;
  char* methods = nullptr;
  const int code = login.complete([&] {
    methods = libssh2_userauth_list(state.session, login.user().c_str(), login.user_length());
    return methods != nullptr ? 0 : libssh2_session_last_errno(state.session);
  });
  if (libssh2_userauth_authenticated(state.session) == 1) return success();
  if (code != 0) return state.failure("the host does not tell how to log in", code);
  login.methods = methods;
  if (login.offers("publickey") && (try_agent(login) || try_key_files(login))) return success();
  if (!state.lost && login.offers("keyboard-interactive") && try_keyboard_interactive(login)) return success();
  if (!login.no_password && !state.lost && login.offers("password") && try_password(login)) return success();
  return rejected(login);
}

}  // namespace cbtctl::storage
