module example.com/greeter/tone

go 1.21
