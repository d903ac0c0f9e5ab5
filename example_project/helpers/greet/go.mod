module example.com/greeter/greet

go 1.21
