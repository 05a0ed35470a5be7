"use client";

import { Select as Primitive } from "@base-ui/react/select";
import { buttonStyles } from "./button";
import { Icon } from "./icon";

export interface SelectOption<V extends string> {
  value: V;
  label: string;
}

interface SelectProps<V extends string> {
  label: string;
  value: V;
  options: readonly SelectOption<V>[];
  onChange: (value: V) => void;
  size?: "control" | "small" | "tall";
  look?: "secondary" | "quiet";
  name?: string;
  isDisabled?: boolean;
}

/** One of a few. `label` is its accessible name; the visible text is the chosen option. */
export function Select<V extends string>(props: SelectProps<V>) {
  const { label, value, options, onChange, size = "control", look = "secondary", name, isDisabled = false } = props;
  return (
    <Primitive.Root
      items={options}
      value={value}
      disabled={isDisabled}
      {...(name ? { name } : {})}
      onValueChange={(next) => {
        if (next !== null) onChange(next);
      }}
    >
      <Primitive.Trigger aria-label={label} className={buttonStyles({ look, size, className: "font-normal" })}>
        <Primitive.Value />
        <Primitive.Icon>
          <Icon name="down" className="size-3 text-ink-3" />
        </Primitive.Icon>
      </Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Positioner className="z-50 outline-none" sideOffset={4} align="start" alignItemWithTrigger={false}>
          <Primitive.Popup className="min-w-(--anchor-width) rounded-2 bg-raised p-1 text-ink shadow-float outline-none">
            <Primitive.List className="max-h-80 overflow-y-auto">
              {options.map((option) => (
                <Primitive.Item
                  key={option.value}
                  value={option.value}
                  className="grid h-7 cursor-default grid-cols-[14px_1fr] items-center gap-2 rounded-1 px-2 text-13 outline-none select-none data-highlighted:bg-pressed phone:h-9"
                >
                  <Primitive.ItemIndicator className="col-start-1">
                    <Icon name="check" className="size-3.5" />
                  </Primitive.ItemIndicator>
                  <Primitive.ItemText className="col-start-2 whitespace-nowrap">{option.label}</Primitive.ItemText>
                </Primitive.Item>
              ))}
            </Primitive.List>
          </Primitive.Popup>
        </Primitive.Positioner>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
