// Known CBT bugs by the ESXi build that a host or a vmware.log witnesses. Builds are compared inside one release line
// only: they are not ordered across lines. Source: reference/cbt-knowledge.md, table A1.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "analysis/catalogue.h"
#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

constexpr std::uint64_t any_build = std::numeric_limits<std::uint64_t>::max();

// One line per affected range: `from` <= build < `fixed`. `line` is a beginning of the version: "6.0" or "8.0.2".
struct Affected {
  Code code{};
  std::string_view line;
  std::uint64_t from = 0;
  std::uint64_t fixed = any_build;
};
constexpr std::array affected{
    Affected{Code::advisory_kb2136854, "6.0", 0, 3247720},
    Affected{Code::advisory_kb2090639, "4", 0, any_build},
    Affected{Code::advisory_kb2090639, "5.0", 0, 2312428},
    Affected{Code::advisory_kb2090639, "5.1", 0, 2323236},
    Affected{Code::advisory_kb2090639, "5.5", 0, 2403361},
    Affected{Code::advisory_hot_extend, "8.0.2", 22380479, 23305546},
};

constexpr std::uint64_t extend_boundary_bytes = std::uint64_t{128} << 30;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return text.empty() || code != std::errc{} || end != text.data() + text.size() ? std::nullopt : std::optional(value);
}

bool is_of_line(std::string_view version, std::string_view line) {
  return version == line || (version.starts_with(line) && version[line.size()] == '.');
}

bool is_affected(Code code, const model::BuildWitness& witness) {
  const auto build = number(witness.build);
  return build && std::any_of(affected.begin(), affected.end(), [&](const Affected& row) {
           return row.code == code && is_of_line(witness.version, row.line) && *build >= row.from && *build < row.fixed;
         });
}

bool is_from_6_5(const model::BuildWitness& witness) {
  const std::string_view version = witness.version;
  const std::size_t dot = version.find('.');
  const auto major = number(version.substr(0, dot));
  const std::string_view rest = dot == std::string_view::npos ? std::string_view{} : version.substr(dot + 1);
  const auto minor = number(rest.substr(0, rest.find('.')));
  return major && (*major > 6 || (*major == 6 && minor && *minor >= 5));
}

std::string text_of(const model::BuildWitness& witness) {
  return "ESXi " + witness.version + " build " + witness.build;
}

// The host that has the machine registered; else the one it was found on, unless that one says that it is not its own
// and the machine's logs tell where it ran.
const model::HostFacts* host_of(const Subject& subject, const model::VirtualMachine& machine) {
  const auto& targets = subject.datastore.targets;
  const auto facts = [&](model::Index target) {
    return target < targets.size() && targets[target].host ? &*targets[target].host : nullptr;
  };
  if (machine.registrations && !machine.registrations->empty()) return facts(machine.registrations->front().target);
  if (machine.registrations && !machine.witnesses.empty()) return nullptr;
  return facts(subject.file(machine.file).target);
}

// The newest witnesses first: the host, then the newest version line of the newest log.
std::vector<model::BuildWitness> witnesses_of(const Subject& subject, const model::VirtualMachine& machine) {
  std::vector<model::BuildWitness> all;
  if (const model::HostFacts* host = host_of(subject, machine))
    all.push_back({"the host", host->version, host->build, true});
  all.insert(all.end(), machine.witnesses.begin(), machine.witnesses.end());
  return all;
}

class Advisor {
 public:
  Advisor(const Subject& subject, const JudgedDisk& judged, Findings& out)
      : subject_(subject), judged_(judged), out_(out), witnesses_(witnesses_of(subject, subject.machine(judged))) {}

  // By what is true now: the host, or the newest line of the logs. Both count where both are known.
  [[nodiscard]] const model::BuildWitness* now(Code code) const {
    const std::size_t recent = !witnesses_.empty() && witnesses_[0].is_host ? 2 : 1;
    for (std::size_t i = 0; i < std::min(recent, witnesses_.size()); ++i) {
      if (is_affected(code, witnesses_[i])) return &witnesses_[i];
    }
    return nullptr;
  }
  [[nodiscard]] const model::BuildWitness* ever(Code code) const {
    const auto found = std::find_if(witnesses_.begin(), witnesses_.end(),
                                    [&](const auto& witness) { return is_affected(code, witness); });
    return found == witnesses_.end() ? nullptr : &*found;
  }
  [[nodiscard]] const std::vector<model::BuildWitness>& witnesses() const { return witnesses_; }

  void raise(Code code, const model::BuildWitness& witness, Severity severity, Certainty certainty, bool of_disk,
             const std::string& note = {}) {
    Finding finding = about(code, subject_, judged_);
    if (!of_disk) finding.slot.clear();
    finding.severity = severity;
    finding.certainty = certainty;
    finding.evidence.push_back({witness.source, {}, text_of(witness) + note});
    out_.found.push_back(std::move(finding));
  }

 private:
  const Subject& subject_;
  const JudgedDisk& judged_;
  Findings& out_;
  std::vector<model::BuildWitness> witnesses_;
};

void check_consolidation_bug(Advisor& advisor) {
  constexpr Code code = Code::advisory_kb2136854;
  if (const auto* witness = advisor.now(code)) {
    advisor.raise(code, *witness, Severity::critical, Certainty::hit, false);
  } else if (const auto* older = advisor.ever(code)) {
    advisor.raise(code, *older, Severity::warning, Certainty::possible, false, ", unless CBT was reset since");
  }
}

void check_extended(const Subject& subject, const JudgedDisk& judged, Advisor& advisor) {
  const model::Descriptor* active = subject.descriptor(judged.disk->chain.front());
  const auto capacity = active == nullptr ? std::nullopt : active->content.capacity_bytes();
  if (!capacity || *capacity < extend_boundary_bytes) return;
  if (const auto* witness = advisor.ever(Code::advisory_kb2090639)) {
    advisor.raise(Code::advisory_kb2090639, *witness, Severity::warning, Certainty::possible, true);
  }
}

void check_began_with_snapshot(const Subject& subject, const JudgedDisk& judged, Advisor& advisor) {
  const auto& witnesses = advisor.witnesses();
  const auto recent = std::find_if(witnesses.begin(), witnesses.end(), is_from_6_5);
  if (recent == witnesses.end()) return;
  const auto& chain = judged.disk->chain;
  for (std::size_t i = 1; i < chain.size() && chain[i].own; ++i) {
    const model::Descriptor* descriptor = subject.descriptor(chain[i]);
    if (descriptor == nullptr || descriptor->tracking) continue;
    advisor.raise(Code::advisory_tracking_began_with_snapshot, *recent, Severity::error, Certainty::hit, true,
                  ", and " + chain[i].reference.written + " names no CTK file");
    return;
  }
}

}  // namespace

void check_advisories(const Subject& subject, Findings& out) {
  std::optional<model::Index> told;  // the machine whose own advisories were told
  for (const JudgedDisk& judged : subject.disks) {
    if (judged.verdict.state != CbtState::tracked) continue;
    Advisor advisor(subject, judged, out);
    const bool first = told != judged.machine;
    told = judged.machine;
    if (advisor.witnesses().empty()) {
      if (first)
        out.skipped.push_back({.what = "advisories for " + subject.file(subject.machine(judged).file).path,
                               .why = "no host and no vmware*.log tells the ESXi build",
                               .machine = judged.machine,
                               .reason = SkipReason::unknown_build});
      continue;
    }
    if (first) check_consolidation_bug(advisor);
    if (const auto* witness = advisor.ever(Code::advisory_hot_extend); witness != nullptr && first) {
      advisor.raise(Code::advisory_hot_extend, *witness, Severity::warning, Certainty::possible, false);
    }
    check_extended(subject, judged, advisor);
    check_began_with_snapshot(subject, judged, advisor);
  }
}

}  // namespace cbtctl::analysis
