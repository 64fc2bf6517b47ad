// A network mount whose server is gone answers nothing, and no call on it returns: whoever waits is told for which
// path.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cbtctl::storage {

class SlowPaths {
 public:
  using Clock = std::chrono::steady_clock;
  using Teller = std::function<void(const std::string& path)>;

  // `tell` is called from a thread of its own, which begins with the first call that is waited for; of what is waited
  // for at the same time in one folder only for the first.
  SlowPaths(std::chrono::milliseconds after, Teller tell) : after_(after), tell_(std::move(tell)) {}
  SlowPaths(const SlowPaths&) = delete;
  SlowPaths& operator=(const SlowPaths&) = delete;
  ~SlowPaths();

  // The process's own: after ten seconds, a warning.
  static SlowPaths& instance();

  // For as long as a call on `path` in `folder` is under way; both live longer. From any thread.
  class Wait {
   public:
    explicit Wait(std::string_view folder, std::string_view path = {}, SlowPaths& paths = instance());
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait();

   private:
    friend class SlowPaths;
    SlowPaths& paths_;
    std::string_view folder_;
    std::string_view path_;
    Clock::time_point since_;
    bool is_told_ = false;
    Wait* earlier_ = nullptr;
    Wait* later_ = nullptr;
  };

 private:
  void add(Wait& wait);
  void remove(Wait& wait);
  void watch();
  [[nodiscard]] std::vector<std::string> due();  // and marks them
  [[nodiscard]] bool is_told(std::string_view folder) const;

  const std::chrono::milliseconds after_;
  const Teller tell_;
  std::mutex mutex_;  // of all below, and of every Wait
  std::condition_variable ended_;
  bool is_ending_ = false;
  bool has_thread_ = false;
  Wait* first_ = nullptr;  // the earliest
  Wait* last_ = nullptr;
  std::thread thread_;
};

}  // namespace cbtctl::storage
