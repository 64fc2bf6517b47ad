#include "report/check.h"

#include <algorithm>
#include <array>

#include "analysis/catalogue.h"
#include "analysis/cbt_state.h"
#include "formats/core/joined.h"
#include "report/csv.h"
#include "report/inventory.h"
#include "report/text.h"
#include "report/trouble.h"

namespace cbtctl::report {
namespace {

using analysis::Finding;
using analysis::Severity;

constexpr std::size_t severities = 4;
using SeverityCounts = std::array<std::size_t, severities>;

SeverityCounts counts_of(const analysis::Findings& findings) {
  SeverityCounts counts{};
  for (const Finding& finding : findings.found) ++counts[static_cast<std::size_t>(finding.severity)];
  return counts;
}

std::string evidence_text(const analysis::Evidence& evidence) {
  if (evidence.expected && evidence.found)
    return evidence.label + ": expected " + *evidence.expected + ", found " + *evidence.found;
  if (evidence.expected) return evidence.label + ": expected " + *evidence.expected + ", found none";
  return evidence.label + ": " + evidence.found.value_or("none");
}

std::string what_is_wrong(const Finding& finding) {
  std::string text(analysis::row_of(finding.code).title);
  const char* separator = "; ";
  for (const analysis::Evidence& evidence : finding.evidence) text += separator + evidence_text(evidence);
  if (finding.certainty == analysis::Certainty::possible) text += " (possible)";
  if (finding.certainty == analysis::Certainty::cannot_tell) text += " (cannot be told)";
  return text;
}

std::string blocked_text(const Finding& finding) {
  if (finding.blocked_by.empty()) return {};
  return "; not mended now: " + formats::core::joined(finding.blocked_by, ", ");
}

std::string severities_text(const SeverityCounts& counts) {
  constexpr std::array<std::array<const char*, 2>, severities> words{
      {{"note", "notes"}, {"warning", "warnings"}, {"error", "errors"}, {"critical", "critical"}}};
  std::string out;
  for (std::size_t i = severities; i-- > 0;) {
    if (counts[i] > 0) out += (out.empty() ? "" : ", ") + counted(counts[i], words[i][0], words[i][1]);
  }
  return out;
}

std::string extent_of(const CheckReport& report, const char* machine, const char* machines, const char* joint) {
  return counted(report.machines, machine, machines) + joint + counted(report.disks, "disk", "disks");
}

// Where something was not looked at, that is no clean bill.
std::string nothing_found(const CheckReport& report) {
  const bool is_whole = report.unreadable == 0 && (report.exit_status & 8) == 0;
  return is_whole ? "nothing found" : "nothing found in what could be read";
}

// Behind a '|' a plug-in's figures begin.
std::string plugin_text(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

// The worst ten, a line each.
std::string worst_of(const CheckReport& report) {
  constexpr std::size_t max_lines = 10;
  std::vector<const Finding*> worst;
  for (const Finding& finding : report.findings.found) worst.push_back(&finding);
  std::stable_sort(worst.begin(), worst.end(), [](const auto* a, const auto* b) { return a->severity > b->severity; });
  std::string out;
  for (std::size_t i = 0; i < worst.size() && i < max_lines; ++i) {
    const auto& targets = report.datastore.targets;
    const bool has_several = targets.size() > 1 && worst[i]->target < targets.size();
    out += plugin_text(std::string(name_of(worst[i]->severity)) + ": " +
                       std::string(analysis::row_of(worst[i]->code).name) + ": " +
                       (has_several ? escaped(targets[worst[i]->target].location) + "/" : std::string()) +
                       message_of(*worst[i])) +
           "\n";
  }
  if (worst.size() > max_lines) out += "and " + std::to_string(worst.size() - max_lines) + " more\n";
  return out;
}

bool rests_on_another_version(const Finding& finding) {
  return std::any_of(finding.evidence.begin(), finding.evidence.end(),
                     [](const analysis::Evidence& evidence) { return evidence.label == "layout"; });
}

// By a choice only: its header is not understood, or of another version.
bool is_strange_leftover(const Finding& finding) {
  return finding.fix == analysis::Fix::choice && analysis::row_of(finding.code).options == "quarantine";
}

}  // namespace

Tint tint_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return Tint::faint;
    case Severity::warning:
      return Tint::warning;
    case Severity::error:
    case Severity::critical:
      return Tint::bad;
  }
  return Tint::none;
}

std::string message_of(const Finding& finding) {
  return lossy_utf8(escaped(finding.path + ": " + what_is_wrong(finding)));
}

std::string remedy_of(const CheckReport& report, const Finding& finding) {
  using analysis::Code;
  const analysis::Row& row = analysis::row_of(finding.code);
  if (is_strange_leftover(finding)) return std::string(row.remedy) + " --any-layout";
  if (finding.fix != analysis::Fix::none || row.fix == analysis::Fix::none) return std::string(row.remedy);
  if (analysis::is_about_ctk_file(finding.code) && report.doubted) {
    return std::string(analysis::row_of(Code::ctk_format_doubted).remedy);
  }
  if (rests_on_another_version(finding))
    return "It rests on reading another version by the layout of version 1: make a full backup, and send the output of "
           "`cbtctl ctk show --header-dump` to the maintainers.";
  return "It belongs to another virtual machine than the one that was found to use it: repair it where that one is "
         "scanned too.";
}

std::string check_table(const CheckReport& report, const Style& style) {
  std::string out;
  if (report.doubted) out += std::string(analysis::row_of(analysis::Code::ctk_format_doubted).title) + "\n\n";
  Table table(with_target(report.datastore.targets, {{"SEVERITY"}, {"CODE"}, {"FILE"}, {"DISK"}, {"WHAT"}}));
  for (const Finding& finding : report.findings.found) {
    table.add(with_target(report.datastore.targets, finding.target,
                          {{std::string(name_of(finding.severity)), tint_of(finding.severity)},
                           {std::string(analysis::row_of(finding.code).name)},
                           {escaped(finding.path)},
                           {finding.slot.empty() ? "-" : finding.slot},
                           {escaped(what_is_wrong(finding) + blocked_text(finding))}}));
  }
  if (!table.is_empty()) out += table.print(style) + "\n";
  if (!report.findings.skipped.empty()) {
    out += "not checked:\n";
    for (const auto& skipped : report.findings.skipped)
      out += "  " + escaped(skipped.what) + ": " + escaped(skipped.why) + "\n";
    out += "\n";
  }
  if (report.baseline) {
    for (const Baseline::Known& gone : report.baseline->gone)
      out += "gone: " + escaped(gone.code) + " " + escaped(gone.path) + "\n";
    out += std::to_string(report.baseline->known.size()) + " known by " + escaped(report.baseline->path) + ", " +
           std::to_string(report.baseline->gone.size()) + " of them gone\n";
  }
  out += not_entered_text(report.datastore.targets);
  const std::string counts = severities_text(counts_of(report.findings));
  out += extent_of(report, "virtual machine", "virtual machines", ", ") +
         (report.unreadable > 0 ? ", " + std::to_string(report.unreadable) + " unreadable: " : ": ") +
         (counts.empty() ? nothing_found(report) : counts) + "\n";
  if (!table.is_empty()) out += "cbtctl explain CODE tells what a finding means and what to do\n";
  return out;
}

std::string check_csv(const CheckReport& report) {
  std::string out = csv_row(
      {"location", "vm", "name", "code", "severity", "certainty", "path", "disk", "fix", "message", "fingerprint"});
  for (const Finding& finding : report.findings.found) {
    const model::Datastore& datastore = report.datastore;
    const auto* machine = finding.machine ? &datastore.virtual_machines[*finding.machine] : nullptr;
    const bool is_in_target = finding.target < datastore.targets.size();  // else below a --map
    out += csv_row(
        {is_in_target ? datastore.targets[finding.target].location : "",
         machine != nullptr ? datastore.files[machine->file].path : "",
         machine != nullptr ? machine->settings.display_name : "", std::string(analysis::row_of(finding.code).name),
         std::string(name_of(finding.severity)), std::string(name_of(finding.certainty)), finding.path, finding.slot,
         std::string(name_of(finding.fix)), message_of(finding), fingerprint_of(datastore.targets, finding)});
  }
  return out;
}

std::string check_nagios_unknown() { return "CBTCTL UNKNOWN - " + plugin_text(escaped(last_error())) + "\n"; }

int nagios_status(const CheckReport& report) {
  const SeverityCounts counts = counts_of(report.findings);
  if (counts[static_cast<std::size_t>(Severity::error)] + counts[static_cast<std::size_t>(Severity::critical)] > 0)
    return 2;
  if ((report.exit_status & 8) != 0) return 3;
  if (report.unreadable > 0) return 1;
  return counts[static_cast<std::size_t>(Severity::warning)] > 0 ? 1 : 0;
}

std::string check_nagios(const CheckReport& report) {
  constexpr std::array<const char*, 4> words{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  const SeverityCounts counts = counts_of(report.findings);
  const std::string text = severities_text(counts);
  std::string out = std::string("CBTCTL ") + words[static_cast<std::size_t>(nagios_status(report))] + " - " +
                    (text.empty() ? nothing_found(report) : text) + " on " + extent_of(report, "VM", "VMs", " with ");
  if ((report.exit_status & 8) != 0) out += ", part of it could not be read";
  if (report.unreadable > 0) out += ", " + std::to_string(report.unreadable) + " unreadable";
  std::size_t not_entered = 0;
  for (const model::Target& target : report.datastore.targets) not_entered += target.not_entered.size();
  if (not_entered > 0) out += ", " + counted(not_entered, "folder", "folders") + " of a filer not entered";
  out += " |";
  for (std::size_t i = severities; i-- > 0;) {
    out += ' ' + std::string(name_of(static_cast<Severity>(i))) + '=' + std::to_string(counts[i]);
  }
  out += " unreadable=" + std::to_string(report.unreadable);
  return out + " vms=" + std::to_string(report.machines) + " disks=" + std::to_string(report.disks) + "\n" +
         worst_of(report);
}

}  // namespace cbtctl::report
