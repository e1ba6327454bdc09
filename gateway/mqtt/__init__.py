"""The MQTT broker of the embedded profile: amqtt, asking this console who may do what."""
