// What a host is doing: tasks that run or wait, or ended a moment ago.
#pragma once

#include <vector>

#include "host/answers.h"
#include "model/host.h"

namespace cbtctl::host {

// `vim-cmd vimsvc/task_list` or `vmsvc/get.tasklist ID`: "vim.Task:haTask-112-vim.VirtualMachine.createSnapshot-3887",
// of the host itself "vim.Task:haTask-ha-host-...".
[[nodiscard]] Result<std::vector<model::HostTask>> parse_tasks(const Answer& answer);

}  // namespace cbtctl::host
