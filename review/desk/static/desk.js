// Keys for the desk. Every page works without this file; it only moves the focus and presses buttons that are there.
"use strict";
