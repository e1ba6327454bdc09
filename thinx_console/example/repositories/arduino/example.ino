// A level sensor that does not exist: says its greeting, then what it measures.
#include <avr/sleep.h>
#include "thinx.h"

#ifndef GREETING
#define GREETING "Hello from the example"
#endif
#ifndef THINX_FIRMWARE_VERSION_SHORT
#define THINX_FIRMWARE_VERSION_SHORT "0.0.0"
#endif

const unsigned long pause = 5000;
int level = 80;

void setup() {
  Serial.begin(9600);
  Serial.println(F(GREETING " (version " THINX_FIRMWARE_VERSION_SHORT ")"));
}

void loop() {
  rest(pause);
  level = level > 20 ? level - 1 : 80;
  Serial.print(F(GREETING ": level "));
  Serial.print(level);
  Serial.println(F(" %"));
}

// Sleeps between the ticks of the timer, which saves the battery.
void rest(unsigned long milliseconds) {
  const unsigned long began = millis();
  set_sleep_mode(SLEEP_MODE_IDLE);
  while (millis() - began < milliseconds) {
    sleep_mode();
  }
}
