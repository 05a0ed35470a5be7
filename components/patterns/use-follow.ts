"use client";

import {
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type TouchEvent,
  type UIEvent,
  type WheelEvent,
} from "react";

const UP_KEYS = new Set(["ArrowUp", "PageUp", "Home"]);
const DOWN_KEYS = new Set(["ArrowDown", "PageDown", "End"]);
const END_PX = 12;

/**
 * Whether a list keeps its newest row in view. Only the reader's own hand stops it: rows that are measured while they
 * come into view move the scroll position too. Coming back to the end resumes it.
 */
export function useFollow() {
  const [isFollowing, setIsFollowing] = useState(true);
  const direction = useRef<"up" | "down">("down");
  const touchY = useRef(0);
  const handlers = useMemo(() => {
    const move = (next: "up" | "down") => {
      direction.current = next;
      if (next === "up") setIsFollowing(false);
    };
    return {
      onWheel: (event: WheelEvent) => move(event.deltaY < 0 ? "up" : "down"),
      onTouchStart: (event: TouchEvent) => {
        touchY.current = event.touches[0]?.clientY ?? 0;
      },
      onTouchMove: (event: TouchEvent) => {
        const y = event.touches[0]?.clientY ?? 0;
        move(y > touchY.current ? "up" : "down");
        touchY.current = y;
      },
      onKeyDown: (event: KeyboardEvent) => {
        if (UP_KEYS.has(event.key)) move("up");
        else if (DOWN_KEYS.has(event.key)) move("down");
      },
      // A press on the scroll bar, which lies beyond the content's width.
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        if (event.nativeEvent.offsetX >= event.currentTarget.clientWidth) move("up");
      },
      onPointerUp: () => {
        direction.current = "down";
      },
      onScroll: ({ currentTarget: element }: UIEvent<HTMLElement>) => {
        const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < END_PX;
        if (isAtEnd && direction.current === "down") setIsFollowing(true);
      },
    };
  }, []);
  return { isFollowing, setIsFollowing, handlers };
}
