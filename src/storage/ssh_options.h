// What the operator decides about SSH connections, and where secrets come from.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "storage/commands.h"
#include "storage/listing_budget.h"
#include "storage/secret.h"
#include "storage/ssh_password.h"

namespace cbtctl::storage {

struct SshLimits {
  static constexpr std::chrono::seconds usual_connect{15};
  // To connect, and for each step of the login; nothing: ssh_config's ConnectTimeout, or the usual.
  std::optional<std::chrono::seconds> connect;
  std::chrono::seconds silence{60};    // without a byte of an answer that is waited for
  std::chrono::seconds question{600};  // until one answer is whole, however much is said
  std::chrono::seconds keepalive{15};  // between signs of life while nothing is asked
  ListingLimits listing;
};

// The functions may be called from several threads at once, each for its own host, and answer nothing where somebody
// would rather not; empty, nobody is at a terminal.
struct SshSecrets {
  std::shared_ptr<SshPassword> password;  // given beforehand: told to each host once (ssh_prompts.h)
  std::function<std::optional<Secret>(const std::string& question, bool shows_answer)> person;
  std::function<std::optional<Secret>(const std::string& key_file)> passphrase;
  // Shows the person what a host says without asking.
  std::function<void(const std::vector<std::string>& lines)> tell = {};
};

enum class SshTransport {
  automatic,  // the shell where it has what is needed, else SFTP
  shell,
  sftp,
};

// What is listed first of the place that is opened.
enum class FirstListing { unknown, folder, tree };

struct SshOptions {
  std::string config_file;  // in the place of the user's ssh_config; empty: that one
  bool accept_new_host_key = false;
  SshTransport transport = SshTransport::automatic;
  SshLimits limits;
  std::shared_ptr<ListingBudgets> listings = std::make_shared<ListingBudgets>();  // of all who have these options
  SshSecrets secrets;
  std::uint64_t second_line_from_bytes = 256U << 20U;  // so much to be read of one file is worth a second connection
  // What will be asked first, in this order, then the listing: sent behind the greeting, it costs no wait of its own.
  // What is asked instead drops these answers.
  std::vector<Command> first_commands;
  FirstListing first_listing = FirstListing::unknown;
  bool lists_before_commands = false;
  std::shared_ptr<std::counting_semaphore<>> turns;  // how many hosts may be at work at once; empty: all
};

}  // namespace cbtctl::storage
