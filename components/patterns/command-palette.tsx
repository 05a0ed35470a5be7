"use client";

import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog } from "@base-ui/react/dialog";
import { Icon } from "@/components/ui/icon";

export interface Command {
  id: string;
  label: string;
  /** Words that also find it. */
  keywords?: string;
  /** Shown at the right: its keys, or a state. */
  hint?: string;
  onSelect: () => void;
}

export interface CommandGroup {
  value: string;
  items: Command[];
}

interface CommandPaletteProps {
  groups: readonly CommandGroup[];
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

const searchable = (command: Command) => `${command.label} ${command.keywords ?? ""}`;

/** Everything one can go to or do, by typing. */
export function CommandPalette({ groups, isOpen, onOpenChange }: CommandPaletteProps) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 min-h-dvh bg-[#000]/40" />
        <Dialog.Popup
          aria-label="Go to or run"
          className="fixed top-[12vh] left-1/2 z-50 flex max-h-[min(480px,76vh)] w-[520px] max-w-[calc(100vw-24px)] -translate-x-1/2 flex-col rounded-2 bg-raised text-ink shadow-float outline-none"
        >
          <Autocomplete.Root
            open
            inline
            items={groups}
            itemToStringValue={searchable}
            autoHighlight="always"
            keepHighlight
          >
            <div className="flex items-center gap-2 border-b border-line px-3">
              <Icon name="search" className="size-4 text-ink-3" />
              <Autocomplete.Input
                aria-label="Go to or run"
                placeholder="Go to or run"
                className="h-11 w-full bg-transparent text-14 outline-none phone:text-16"
              />
              <kbd className="rounded-[3px] border border-line px-1 text-11 text-ink-3">Esc</kbd>
            </div>
            <Autocomplete.Empty className="text-ink-3 not-empty:px-3 not-empty:py-4">
              Nothing has that name.
            </Autocomplete.Empty>
            <Autocomplete.List className="overflow-y-auto p-1 outline-none data-empty:hidden">
              {(group: CommandGroup) => (
                <Autocomplete.Group key={group.value} items={group.items}>
                  <Autocomplete.GroupLabel className="px-2 pt-2 pb-1 text-12 text-ink-3">
                    {group.value}
                  </Autocomplete.GroupLabel>
                  <Autocomplete.Collection>
                    {(command: Command) => (
                      <Autocomplete.Item
                        key={command.id}
                        value={command}
                        className="flex h-8 cursor-default items-center gap-2 rounded-1 px-2 outline-none select-none data-highlighted:bg-pressed phone:h-10"
                        onClick={() => {
                          onOpenChange(false);
                          command.onSelect();
                        }}
                      >
                        <span className="truncate">{command.label}</span>
                        {command.hint && (
                          <span className="ml-auto text-12 whitespace-nowrap text-ink-3">{command.hint}</span>
                        )}
                      </Autocomplete.Item>
                    )}
                  </Autocomplete.Collection>
                </Autocomplete.Group>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
