"""What the window remembers of its user, in an INI file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from flux_studio.gui.theme import LIGHT, THEMES, Theme

# Another arrangement of docks cannot be restored into this one: count up when docks are added or renamed.
LAYOUT_VERSION = 6

REWIND_MEGABYTES = 256


def data_folder() -> Path:
    """The person's folder for what the application keeps of its own: recovery files, the log."""
    place = QStandardPaths.StandardLocation.GenericDataLocation
    return Path(QStandardPaths.writableLocation(place)) / "flux-studio"


class Settings:
    """Theme, layout, the folder last used, which rows to look at, and how much memory rewinding may take."""

    def __init__(self) -> None:
        self._store = QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, "flux-studio", "flux-studio"
        )

    @property
    def theme(self) -> Theme:
        """The chosen theme."""
        return THEMES.get(str(self._store.value("theme", LIGHT.name)), LIGHT)

    @theme.setter
    def theme(self, theme: Theme) -> None:
        self._store.setValue("theme", theme.name)

    @property
    def rows(self) -> str:
        """Which rows the matrices are of; the window knows what it means."""
        return str(self._store.value("rows", ""))

    @rows.setter
    def rows(self, rows: str) -> None:
        self._store.setValue("rows", rows)

    @property
    def folder(self) -> str:
        """Where file dialogs begin."""
        return str(self._store.value("folder", str(Path.home())))

    @folder.setter
    def folder(self, folder: str) -> None:
        self._store.setValue("folder", folder)

    @property
    def export_format(self) -> str:
        """The name of the format that was exported last."""
        return str(self._store.value("export_format", ""))

    @export_format.setter
    def export_format(self, name: str) -> None:
        self._store.setValue("export_format", name)

    @property
    def export_folder(self) -> str:
        """Where exports go: into the folder of the last one, or else where file dialogs begin."""
        folder = str(self._store.value("export_folder", ""))
        return folder if Path(folder).is_dir() and folder else self.folder

    @export_folder.setter
    def export_folder(self, folder: str) -> None:
        self._store.setValue("export_folder", folder)

    @property
    def rewind_megabytes(self) -> int:
        """How much memory the moments may take that are kept for rewinding."""
        try:
            return max(1, int(str(self._store.value("rewind_megabytes", REWIND_MEGABYTES))))
        except ValueError:
            return REWIND_MEGABYTES

    @rewind_megabytes.setter
    def rewind_megabytes(self, megabytes: int) -> None:
        self._store.setValue("rewind_megabytes", megabytes)

    @property
    def recents(self) -> list[Path]:
        """Projects that were open lately, newest first."""
        stored = self._store.value("recents", [])
        # A list of one comes back as its only text, an empty one as nothing.
        paths = [stored] if isinstance(stored, str) else stored or []
        return [Path(str(each)) for each in paths if each]

    @recents.setter
    def recents(self, paths: list[Path]) -> None:
        self._store.setValue("recents", [str(path) for path in paths])

    def layout(self) -> tuple[QByteArray, QByteArray] | None:
        """Geometry and state of the window as they were left, if they are known."""
        if self._store.value("layout_version") != str(LAYOUT_VERSION):
            return None
        geometry, state = self._store.value("geometry"), self._store.value("state")
        return (
            (geometry, state) if isinstance(geometry, QByteArray) and isinstance(state, QByteArray) else None
        )

    def set_layout(self, geometry: QByteArray, state: QByteArray) -> None:
        """Remember geometry and state."""
        self._store.setValue("layout_version", str(LAYOUT_VERSION))
        self._store.setValue("geometry", geometry)
        self._store.setValue("state", state)
