"""Datastores of many virtual machines, made once and kept."""
import shutil

import vmware_files


def make_datastore(root, count):
    """Folders as reference/performance.md section 0 has them: two tracked disks of 40 GiB in each."""
    if (root / ".done").exists():
        return
    shutil.rmtree(root, ignore_errors=True)
    header = vmware_files.ctk_header(83886080, uuid=b"R" * 16)
    filler = "".join(f'pciBridge{i}.virtualDev = "pcieRootPort number {i}"\n' for i in range(52))
    for number in range(count):
        name = f"v{number:05d}"
        folder = root / name
        folder.mkdir(parents=True)
        vmx = f'.encoding = "UTF-8"\nconfig.version = "8"\nvirtualHW.version = "13"\ndisplayName = "{name}"\n'
        vmx += 'cleanShutdown = "TRUE"\nctkEnabled = "TRUE"\n' + filler
        for disk in (0, 1):
            base = name if disk == 0 else f"{name}_1"
            vmx += f'scsi0:{disk}.present = "TRUE"\nscsi0:{disk}.fileName = "{base}.vmdk"\nscsi0:{disk}.ctkEnabled = "TRUE"\n'
            (folder / f"{base}.vmdk").write_text(
                f'# Disk DescriptorFile\nversion=3\nencoding="UTF-8"\nCID=7475b330\nparentCID=ffffffff\ncreateType="vmfs"\n\n'
                f'# Extent description\nRW 83886080 VMFS "{base}-flat.vmdk"\n\n# Change Tracking File\n'
                f'changeTrackPath="{base}-ctk.vmdk"\n\n# The Disk Data Base \n#DDB\n\nddb.adapterType = "lsilogic"\n'
                f'ddb.longContentID = "dc2d48eb61aee3399ed03ee37475b330"\nddb.virtualHWVersion = "13"\n')
            for suffix, content, size in (("-flat", b"", 40 << 30), ("-ctk", header, 2621952)):
                with open(folder / f"{base}{suffix}.vmdk", "wb") as file:
                    file.write(content)
                    file.truncate(size)
        (folder / f"{name}.vmx").write_text(vmx)
        (folder / f"{name}.vmsd").touch()  # as it is before the first snapshot
        (folder / f"{name}.nvram").write_bytes(bytes(8684))
        with open(folder / "vmware.log", "wb") as file:
            file.truncate(100_000)
    (root / ".done").touch()
